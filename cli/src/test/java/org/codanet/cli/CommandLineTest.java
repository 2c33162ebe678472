package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Behaviour that all commands share. */
final class CommandLineTest {
    static Stream<String> commands() {
        return Main.commandLine().getSubcommands().keySet().stream();
    }

    @Test
    void hasTheseCommands() {
        Set<String> expected = new TreeSet<>(List.of(
                "quickstart",
                "init-config",
                "train",
                "evaluate",
                "evaluate-explanations",
                "predict",
                "explain",
                "video",
                "serve",
                "convert",
                "export",
                "inspect",
                "plan",
                "doctor",
                "bench",
                "generate-completion",
                "generate-man-pages"));
        assertEquals(expected, new TreeSet<>(Main.commandLine().getSubcommands().keySet()));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpGoesToStandardOutputAndHasExamples(String command) {
        Run run = Run.of(command, "--help").succeeded();
        assertTrue(run.out().startsWith("Usage: codanet " + command), run.out());
        assertTrue(run.out().contains("Examples:") || command.equals("generate-completion"), run.out());
        assertEquals("", run.err());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void noLineOfHelpIsLongerThan130Characters(String command) {
        Run.of(command, "--help").succeeded().out().lines().forEach(line -> assertTrue(line.length() <= 130, line));
    }

    /** All commands except the one that picocli provides, because it accepts any option. */
    static Stream<String> ownCommands() {
        return commands().filter(c -> !c.equals("generate-completion"));
    }

    @ParameterizedTest
    @MethodSource("ownCommands")
    void anUnknownOptionIsWrongUsage(String command) {
        Run run = Run.of(command, "--no-such-option");
        assertEquals(2, run.code());
        assertEquals("", run.out());
        // Picocli reports a missing required option before an unknown one.
        assertTrue(run.err().contains("--no-such-option") || run.err().contains(": missing required"), run.err());
        assertTrue(run.err().endsWith("Try 'codanet " + command + " --help'." + System.lineSeparator()), run.err());
    }

    @Test
    void theMainHelpListsEveryCommand() {
        String help = Run.of("--help").succeeded().out();
        commands().filter(c -> !c.startsWith("generate")).forEach(c -> assertTrue(help.contains("  " + c), c));
    }

    @Test
    void printsTheVersionOfTheBuild() {
        String version = Run.of("--version").succeeded().out();
        assertTrue(version.startsWith("codanet 0."), version);
        assertFalse(version.contains("${"), "the build did not fill in the version: " + version);
        assertTrue(version.contains("Java " + Runtime.version()), version);
    }

    @Test
    void noCommandIsWrongUsage() {
        Run.of().failsWith(2, "codanet: a command is missing");
    }

    @Test
    void suggestsACommandForAMistypedOne() {
        Run run = Run.of("trian");
        assertEquals(2, run.code());
        assertTrue(run.err().matches("(?s).*Did you mean: .*train.*"), run.err());
    }

    @Test
    void theCompletionScriptHasCommandsAndOptions() {
        String script = Run.of("generate-completion").succeeded().out();
        assertTrue(script.contains("quickstart") && script.contains("--experiment"), "bash completion");
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() {
        Writer full = new Writer() {
            @Override
            public void write(char[] text, int from, int count) throws IOException {
                throw new IOException("No space left on device");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        StringWriter err = new StringWriter();
        int code = Main.run(new String[] {"inspect", "--experiments"}, new PrintWriter(full), new PrintWriter(err));
        assertEquals(1, code);
        assertTrue(err.toString().contains("could not be written"), err.toString());
    }

    @Test
    void printsNoColourWithoutATerminal() {
        assertFalse(Run.of("--help").out().contains("\u001b["), "an escape sequence in captured output");
    }
}
