package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of the program in this JVM.
 *
 * @param code exit code
 * @param out what went to standard output
 * @param err what went to standard error
 */
record Run(int code, String out, String err) {
    /** Runs {@code codanet} with these arguments. */
    static Run of(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = List.of(arguments).stream().map(Object::toString).toArray(String[]::new);
        int code = Main.run(words, new PrintWriter(out), new PrintWriter(err));
        return new Run(code, out.toString(), err.toString());
    }

    /** {@code codanet} with these arguments as a program of its own, for what signals and pipes do to it. */
    static ProcessBuilder program(Object... arguments) {
        List<String> command = new ArrayList<>(List.of(
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

    /** This run, which must have ended well. */
    Run succeeded() {
        assertEquals(0, code, () -> "standard error: " + err);
        return this;
    }

    /** The last line on standard error, of a run that must have failed with one clear sentence. */
    String failure(int expectedCode) {
        assertEquals(expectedCode, code, () -> "standard error: " + err + "\nstandard output: " + out);
        assertFalse(err.contains("\tat "), () -> "a stack trace without --verbose: " + err);
        assertFalse(err.contains("unexpected failure"), () -> "no clear sentence: " + err);
        List<String> lines =
                err.lines().filter(line -> line.startsWith("codanet")).toList();
        assertEquals(1, lines.size(), () -> "one sentence expected: " + err);
        return lines.getFirst();
    }

    /** As {@link #failure}, and the sentence must hold all of {@code parts}. */
    void failsWith(int expectedCode, String... parts) {
        String sentence = failure(expectedCode);
        for (String part : parts) {
            assertTrue(sentence.contains(part), () -> "'" + part + "' expected in: " + sentence);
        }
    }
}
