/** What the programs beside this one say when something is not as it should be. */
final class Check {
    private Check() {
    }

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object expected, Object got, String what) {
        that(java.util.Objects.equals(expected, got), what + ": " + got + " instead of " + expected);
    }
}
