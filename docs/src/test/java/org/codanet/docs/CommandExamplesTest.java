package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.codanet.cli.Main;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The command line accepts every command that a document or a help text shows. */
final class CommandExamplesTest {
    /** A line of a code block that runs codanet. Text after three spaces or a # is a comment. */
    private static final Pattern BLOCK =
            Pattern.compile("^\\s{2,}(?:\\$ )?(?:bin/)?codanet ((?! |-->).*?)(?: {3,}.*| #.*)?$");

    /** A command in a sentence. */
    private static final Pattern INLINE = Pattern.compile("`(?:bin/)?codanet ([^`]+)`");

    /** Placeholders. A command that contains one cannot be run. */
    private static final Pattern GRAMMAR = Pattern.compile("\\.\\.\\.|…|\\||\\[|COMMAND");

    @Test
    void everyCommandOfTheDocumentsParses() {
        List<String> wrong = new ArrayList<>();
        int commands = 0;
        for (Path document : SourceTree.files(".", ".md")) {
            for (String line : SourceTree.lines(document)) {
                for (String command : commandsIn(line)) {
                    commands++;
                    refusal(command)
                            .ifPresent(why -> wrong.add(SourceTree.root().relativize(document) + ": " + why));
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(
                commands >= 3, "only " + commands + " commands were found: do the patterns still fit the documents?");
    }

    @Test
    void everyExampleOfTheHelpParses() {
        List<String> wrong = new ArrayList<>();
        CommandLine codanet = Main.commandLine();
        List<CommandLine> all = Stream.concat(Stream.of(codanet), codanet.getSubcommands().values().stream())
                .toList();
        for (CommandLine one : all) {
            for (String line : one.getCommandSpec().usageMessage().footer()) {
                for (String command : commandsIn(line)) {
                    refusal(command).ifPresent(why -> wrong.add("help of " + one.getCommandName() + ": " + why));
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(all.size() > 5, "only " + all.size() + " commands are there");
    }

    private static List<String> commandsIn(String line) {
        List<String> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(line);
        if (block.matches()) {
            found.add(block.group(1));
        }
        INLINE.matcher(line).results().forEach(inline -> found.add(inline.group(1)));
        return found.stream()
                .map(String::strip)
                .filter(command -> !GRAMMAR.matcher(command).find())
                .toList();
    }

    /** {@return why the command line refuses this command, or empty if it accepts it} */
    private static Optional<String> refusal(String command) {
        try {
            Main.commandLine().parseArgs(command.split("\\s+"));
            return Optional.empty();
        } catch (ParameterException e) {
            return Optional.of("codanet " + command + ": " + e.getMessage());
        }
    }
}
