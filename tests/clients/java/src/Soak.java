import com.apple.foundationdb.Database;
import com.apple.foundationdb.FDB;
import com.apple.foundationdb.FDBException;
import com.apple.foundationdb.KeyValue;
import com.apple.foundationdb.MutationType;
import com.apple.foundationdb.Range;
import com.apple.foundationdb.Transaction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A process of the soak ({@code cargo xtask clients soak}), with FoundationDB's client for Java.
 *
 * <p>Arguments: the database, the prefix of its logs, the key that it writes, the key of another process that it watches, a seed, and how
 * many transactions it runs at a time. It works until key {@code stop} is there, and says on standard output what it was told and saw.
 */
public final class Soak {
    /** The worker and the transaction that is held open for too long the first time: it ends with 1007, and is tried again. */
    private static final int HELD_WORKER = 0;
    private static final long HELD_SERIAL = 2;
    private static final long TOO_LONG_MS = 6000;

    private static final Range ACCOUNTS = new Range(bytes("account/"), bytes("account0"));

    private final Database db;
    private final String log;
    private final byte[] beat;

    private Soak(Database db, String log, String beat) {
        this.db = db;
        this.log = log;
        this.beat = bytes(beat);
    }

    public static void main(String[] arguments) throws Exception {
        Thread.setDefaultUncaughtExceptionHandler((where, failure) -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        Database db = FDB.selectAPIVersion(730).open(arguments[0]);
        Soak soak = new Soak(db, arguments[1], arguments[2]);
        byte[] watched = bytes(arguments[3]);
        long seed = Long.parseLong(arguments[4]);
        List<Thread> workers = new ArrayList<>();
        for (int number = 0; number < Integer.parseInt(arguments[5]); number++) {
            int worker = number;
            Thread thread = new Thread(() -> soak.work(worker, new Random(seed + worker)));
            thread.start();
            workers.add(thread);
        }
        CompletableFuture<Void> change;
        while ((change = db.run(tr -> isStopped(tr) ? null : tr.watch(watched))) != null) {
            change.join();
            say("fired");
        }
        for (Thread worker : workers) {
            worker.join();
        }
        db.close();
    }

    private void work(int worker, Random chance) {
        long serial = 1;
        while (true) {
            String said = turn(worker, serial, chance);
            if (said == null) {
                say("done " + worker);
                return;
            }
            say(said + " " + worker + " " + serial);
            serial++;
        }
    }

    /** One transaction, tried until it is known what has become of it; nothing once everybody shall stop. */
    private String turn(int worker, long serial, Random chance) {
        Transaction tr = db.createTransaction();
        boolean hold = worker == HELD_WORKER && serial == HELD_SERIAL;
        try {
            while (true) {
                try {
                    boolean holdNow = hold;
                    hold = false;
                    if (!move(tr, worker, serial, chance, holdNow)) {
                        return null;
                    }
                    tr.commit().join();
                    return "ack";
                } catch (CompletionException failure) {
                    int code = failure.getCause() instanceof FDBException error ? error.getCode() : 0;
                    say("error " + code);
                    tr = tr.onError(failure.getCause()).join();
                    if (code == 1021) {
                        return "maybe";
                    }
                }
            }
        } finally {
            tr.close();
        }
    }

    /** Moves an amount from one account to another, and says so in the log; false once everybody shall stop. */
    private boolean move(Transaction tr, int worker, long serial, Random chance, boolean hold) {
        if (isStopped(tr)) {
            return false;
        }
        List<KeyValue> accounts = readAccounts(tr);
        if (hold) {
            sleep(TOO_LONG_MS);
        }
        Collections.shuffle(accounts, chance);
        long amount = 1 + chance.nextInt(99);
        add(tr, accounts.get(0).getKey(), -amount);
        add(tr, accounts.get(1).getKey(), amount);
        readAccounts(tr);
        byte[] place = bytes(log + worker + "/");
        ByteBuffer key = ByteBuffer.allocate(place.length + 14).order(ByteOrder.LITTLE_ENDIAN);
        key.put(place).put(new byte[10]).putInt(place.length);
        tr.mutate(MutationType.SET_VERSIONSTAMPED_KEY, key.array(), bytes(String.valueOf(serial)));
        tr.set(beat, bytes(serial + " of " + worker));
        return true;
    }

    private static void add(Transaction tr, byte[] key, long change) {
        tr.set(key, bytes(String.valueOf(number(tr.get(key).join()) + change)));
    }

    /** All accounts, in one read; together they always hold nothing. */
    private static List<KeyValue> readAccounts(Transaction tr) {
        List<KeyValue> accounts = new ArrayList<>(tr.snapshot().getRange(ACCOUNTS).asList().join());
        Check.equal(0L, accounts.stream().mapToLong(account -> number(account.getValue())).sum(), "what the accounts hold");
        return accounts;
    }

    private static boolean isStopped(Transaction tr) {
        return tr.snapshot().get(bytes("stop")).join() != null;
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long number(byte[] value) {
        return Long.parseLong(new String(value, StandardCharsets.UTF_8));
    }
}
