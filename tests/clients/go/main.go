// FoundationDB's client for Go on the drop-in library.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/apple/foundationdb/bindings/go/src/fdb"
	"github.com/apple/foundationdb/bindings/go/src/fdb/directory"
	"github.com/apple/foundationdb/bindings/go/src/fdb/subspace"
	"github.com/apple/foundationdb/bindings/go/src/fdb/tuple"
)

var db fdb.Database

func check(holds bool, what string, details ...any) {
	if !holds {
		fmt.Fprintln(os.Stderr, append([]any{what}, details...)...)
		os.Exit(1)
	}
}

// must runs a transaction that cannot fail.
func must(body func(tr fdb.Transaction) any) any {
	result, err := db.Transact(func(tr fdb.Transaction) (any, error) { return body(tr), nil })
	check(err == nil, "a transaction failed:", err)
	return result
}

func codeOf(err error) int {
	var failure fdb.Error
	if errors.As(err, &failure) {
		return failure.Code
	}
	return 0
}

func keysAndRanges() {
	rows := subspace.Sub("rows")
	must(func(tr fdb.Transaction) any {
		for number := 0; number < 1000; number++ {
			tr.Set(rows.Pack(tuple.Tuple{number}), bytes.Repeat([]byte{7}, 100))
		}
		return nil
	})
	for _, mode := range []fdb.StreamingMode{fdb.StreamingModeWantAll, fdb.StreamingModeIterator, fdb.StreamingModeSmall} {
		for _, reverse := range []bool{false, true} {
			must(func(tr fdb.Transaction) any {
				found := tr.GetRange(rows, fdb.RangeOptions{Mode: mode, Reverse: reverse}).GetSliceOrPanic()
				check(len(found) == 1000, "a range has all rows:", len(found))
				first, err := rows.Unpack(found[0].Key)
				check(err == nil && (first[0] == int64(999)) == reverse, "a range begins at its end:", first, err)
				return nil
			})
		}
	}
	must(func(tr fdb.Transaction) any {
		begin, _ := rows.FDBRangeKeys()
		key := tr.GetKey(fdb.FirstGreaterThan(begin)).MustGet()
		number, err := rows.Unpack(key)
		check(err == nil && number[0] == int64(0), "a selector leads to the first row:", number, err)
		tr.ClearRange(rows)
		check(len(tr.GetRange(rows, fdb.RangeOptions{}).GetSliceOrPanic()) == 0, "a cleared range is empty")
		check(tr.Get(fdb.Key("missing")).MustGet() == nil, "a missing key has no value")
		return nil
	})
}

func manyAtOnce() {
	var all sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for turn := 0; turn < 20; turn++ {
				must(func(tr fdb.Transaction) any {
					before := tr.Get(fdb.Key("sum")).MustGet()
					sum := uint64(0)
					if before != nil {
						sum = binary.LittleEndian.Uint64(before)
					}
					tr.Set(fdb.Key("sum"), binary.LittleEndian.AppendUint64(nil, sum+1))
					return nil
				})
			}
		}()
	}
	all.Wait()
	must(func(tr fdb.Transaction) any {
		sum := binary.LittleEndian.Uint64(tr.Get(fdb.Key("sum")).MustGet())
		check(sum == 160, "no addition is lost:", sum)
		return nil
	})
}

func watches() {
	watch := must(func(tr fdb.Transaction) any { return tr.Watch(fdb.Key("watched")) }).(fdb.FutureNil)
	check(!watch.IsReady(), "a watch waits")
	must(func(tr fdb.Transaction) any { tr.Set(fdb.Key("watched"), []byte("now")); return nil })
	check(watch.Get() == nil, "a watch fires")
	watch = must(func(tr fdb.Transaction) any { return tr.Watch(fdb.Key("watched")) }).(fdb.FutureNil)
	watch.Cancel()
	check(codeOf(watch.Get()) == 1101, "a watch can be cancelled")
}

func versionstamps() {
	tr, err := db.CreateTransaction()
	check(err == nil, "a transaction:", err)
	key, err := tuple.Tuple{"at", tuple.IncompleteVersionstamp(3)}.PackWithVersionstamp(nil)
	check(err == nil, "a key with a versionstamp:", err)
	tr.SetVersionstampedKey(fdb.Key(key), nil)
	stamp := tr.GetVersionstamp()
	check(tr.Commit().Get() == nil, "a commit")
	version, err := tr.GetCommittedVersion()
	check(err == nil && uint64(version) == binary.BigEndian.Uint64(stamp.MustGet()), "a stamp says the version:", err)
}

func failures() {
	tr, err := db.CreateTransaction()
	check(err == nil, "a transaction:", err)
	tr.Set(fdb.Key("\xff"), nil)
	check(codeOf(tr.Commit().Get()) == 2004, "system keys are not for everybody")
	tr.Reset()
	tr.Cancel()
	_, err = tr.Get(fdb.Key("a")).Get()
	check(codeOf(err) == 1025, "a cancelled transaction reads nothing:", err)
	missing, err := fdb.OpenDatabase("/no/such/file")
	if err == nil {
		_, err = missing.ReadTransact(func(tr fdb.ReadTransaction) (any, error) { return tr.Get(fdb.Key("a")).Get() })
	}
	check(codeOf(err) == 1515, "no file, no database:", err)
}

func layers() {
	users, err := directory.CreateOrOpen(db, []string{"app", "users"}, nil)
	check(err == nil, "a directory:", err)
	must(func(tr fdb.Transaction) any { tr.Set(users.Pack(tuple.Tuple{1}), []byte("ada")); return nil })
	moved, err := users.MoveTo(db, []string{"app", "people"})
	check(err == nil, "a directory moves:", err)
	must(func(tr fdb.Transaction) any {
		check(string(tr.Get(moved.Pack(tuple.Tuple{1})).MustGet()) == "ada", "with what is in it")
		return nil
	})
	names, err := directory.List(db, []string{"app"})
	check(err == nil && len(names) == 1 && names[0] == "people", "a directory lists what is in it:", names, err)
	removed, err := directory.Root().Remove(db, []string{"app"})
	check(err == nil && removed, "a directory is removed:", err)

	check(db.CreateTenant(fdb.Key("one")) == nil, "a tenant is created")
	tenant, err := db.OpenTenant(fdb.Key("one"))
	check(err == nil, "a tenant is opened:", err)
	_, err = tenant.Transact(func(tr fdb.Transaction) (any, error) { tr.Set(fdb.Key("k"), []byte("v")); return nil, nil })
	check(err == nil, "a tenant is written:", err)
	must(func(tr fdb.Transaction) any {
		check(tr.Get(fdb.Key("k")).MustGet() == nil, "a tenant's keys are its own")
		return nil
	})
}

func main() {
	fdb.MustAPIVersion(730)
	db = fdb.MustOpenDatabase("memory:go")
	keysAndRanges()
	manyAtOnce()
	watches()
	versionstamps()
	failures()
	layers()
	fmt.Println("the Go client saw what it should")
}
