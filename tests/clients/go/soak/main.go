// A process of the soak (cargo xtask clients soak), with FoundationDB's client for Go.
//
// Arguments: the database, the prefix of its logs, the key that it writes, the key of another process that it watches, a seed, and how
// many transactions it runs at a time. It works until key "stop" is there, and says on standard output what it was told and saw.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/apple/foundationdb/bindings/go/src/fdb"
)

// The worker and the transaction that is held open for too long the first time: it ends with 1007, and is tried again.
const (
	heldWorker = 0
	heldSerial = 2
	tooLong    = 6 * time.Second
)

var (
	db     fdb.Database
	log    string
	beat   fdb.Key
	saying sync.Mutex
)

func say(words ...any) {
	saying.Lock()
	defer saying.Unlock()
	fmt.Println(words...)
}

// fail ends the process, whatever its other goroutines do.
func fail(words ...any) {
	fmt.Fprintln(os.Stderr, words...)
	os.Exit(1)
}

func number(text []byte) int64 {
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		fail("no amount:", err)
	}
	return value
}

func isStopped(tr fdb.ReadTransaction) bool {
	return tr.Snapshot().Get(fdb.Key("stop")).MustGet() != nil
}

// readAccounts reads all accounts at once; together they always hold nothing.
func readAccounts(tr fdb.Transaction) []fdb.KeyValue {
	all := fdb.KeyRange{Begin: fdb.Key("account/"), End: fdb.Key("account0")}
	accounts := tr.Snapshot().GetRange(all, fdb.RangeOptions{}).GetSliceOrPanic()
	sum := int64(0)
	for _, account := range accounts {
		sum += number(account.Value)
	}
	if sum != 0 {
		fail("the accounts do not hold what they should:", accounts)
	}
	return accounts
}

// move moves an amount from one account to another, and says so in the log; false once everybody shall stop.
func move(tr fdb.Transaction, chance *rand.Rand, worker int, serial int, hold bool) (moved bool, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			code, known := failure.(fdb.Error)
			if !known {
				panic(failure)
			}
			err = code
		}
	}()
	if isStopped(tr) {
		return false, nil
	}
	accounts := readAccounts(tr)
	if hold {
		time.Sleep(tooLong)
	}
	order := chance.Perm(len(accounts))
	amount := int64(1 + chance.Intn(99))
	for place, change := range []int64{-amount, amount} {
		key := accounts[order[place]].Key
		before := number(tr.Get(key).MustGet())
		tr.Set(key, []byte(strconv.FormatInt(before+change, 10)))
	}
	readAccounts(tr)
	place := fmt.Sprintf("%s%d/", log, worker)
	key := append([]byte(place), make([]byte, 10)...)
	key = binary.LittleEndian.AppendUint32(key, uint32(len(place)))
	tr.SetVersionstampedKey(fdb.Key(key), []byte(strconv.Itoa(serial)))
	tr.Set(beat, []byte(fmt.Sprintf("%d of %d", serial, worker)))
	return true, tr.Commit().Get()
}

// turn is one transaction, tried until it is known what has become of it; nothing once everybody shall stop.
func turn(chance *rand.Rand, worker int, serial int) string {
	tr, err := db.CreateTransaction()
	if err != nil {
		fail("no transaction:", err)
	}
	hold := worker == heldWorker && serial == heldSerial
	for {
		moved, err := move(tr, chance, worker, serial, hold)
		hold = false
		if err == nil && !moved {
			return ""
		}
		if err == nil {
			return "ack"
		}
		var failure fdb.Error
		if !errors.As(err, &failure) {
			fail("no error of FoundationDB's:", err)
		}
		say("error", failure.Code)
		if last := tr.OnError(failure).Get(); last != nil {
			fail("no transaction should fail so:", last)
		}
		if failure.Code == 1021 {
			return "maybe"
		}
	}
}

func work(chance *rand.Rand, worker int) {
	for serial := 1; ; serial++ {
		said := turn(chance, worker, serial)
		if said == "" {
			break
		}
		say(said, worker, serial)
	}
	say("done", worker)
}

func main() {
	if len(os.Args) != 7 {
		fail("a soak needs a database, a log, a beat, a watched key, a seed and a number of workers")
	}
	fdb.MustAPIVersion(730)
	db = fdb.MustOpenDatabase(os.Args[1])
	log, beat = os.Args[2], fdb.Key(os.Args[3])
	watched := fdb.Key(os.Args[4])
	seed, workers := number([]byte(os.Args[5])), int(number([]byte(os.Args[6])))
	var all sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			work(rand.New(rand.NewSource(seed+int64(worker))), worker)
		}(worker)
	}
	for {
		change, err := db.Transact(func(tr fdb.Transaction) (any, error) {
			if isStopped(tr) {
				return nil, nil
			}
			return tr.Watch(watched), nil
		})
		if err != nil {
			fail("no watch:", err)
		}
		if change == nil {
			break
		}
		if err := change.(fdb.FutureNil).Get(); err != nil {
			fail("a watch fails:", err)
		}
		say("fired")
	}
	all.Wait()
}
