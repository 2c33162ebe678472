package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of codanet in this JVM.
 *
 * @param code exit code
 * @param out text on standard output
 * @param err text on standard error
 */
record Run(int code, String out, String err) {
    private static final boolean SIGNALS_CAN_BE_RESET = canResetSignals();

    /** Runs {@code codanet} with these arguments. */
    static Run of(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = List.of(arguments).stream().map(Object::toString).toArray(String[]::new);
        int code = Main.run(words, new PrintWriter(out), new PrintWriter(err));
        return new Run(code, out.toString(), err.toString());
    }

    /** Starts {@code codanet} in a new process, for tests of signals and pipes. */
    static ProcessBuilder program(Object... arguments) {
        List<String> command = new ArrayList<>(defaultSignals());
        command.addAll(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=org.codanet.bindings",
                "-cp",
                System.getProperty("java.class.path"),
                "-p",
                System.getProperty("jdk.module.path"),
                "-m",
                "org.codanet.cli/org.codanet.cli.Main"));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new ProcessBuilder(command);
    }

    /**
     * The first words of a command line that restores the default effect of Ctrl-C. A shell starts background programs with SIGINT
     * ignored. The tests inherit this setting, and the JVM does not change it.
     */
    private static List<String> defaultSignals() {
        List<String> words = List.of("env", "--default-signal=INT");
        return SIGNALS_CAN_BE_RESET ? words : List.of();
    }

    private static boolean canResetSignals() {
        try {
            return new ProcessBuilder("env", "--default-signal=INT", "true")
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** This run, which must have succeeded. */
    Run succeeded() {
        assertEquals(0, code, () -> "standard error: " + err);
        return this;
    }

    /** The error message. The run must have failed with exactly one sentence. */
    String failure(int expectedCode) {
        assertEquals(expectedCode, code, () -> "standard error: " + err + "\nstandard output: " + out);
        assertFalse(err.contains("\tat "), () -> "a stack trace without --verbose: " + err);
        assertFalse(err.contains("unexpected failure"), () -> "not a clear sentence: " + err);
        List<String> lines =
                err.lines().filter(line -> line.startsWith("codanet")).toList();
        assertEquals(1, lines.size(), () -> "one sentence expected: " + err);
        return lines.getFirst();
    }

    /** Checks that the run has failed with one sentence that contains all of {@code parts}. */
    void failsWith(int expectedCode, String... parts) {
        String sentence = failure(expectedCode);
        for (String part : parts) {
            assertTrue(sentence.contains(part), () -> "'" + part + "' expected in: " + sentence);
        }
    }
}
