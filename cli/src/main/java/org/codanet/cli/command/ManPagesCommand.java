package org.codanet.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Version;
import org.codanet.cli.option.OutputFolder;
import org.codanet.file.AtomicFile;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the manual pages from what {@code --help} knows, so that the two cannot disagree. */
@Command(
        name = "generate-man-pages",
        description = "Writes manual pages: codanet.1 and one for each command.",
        footerHeading = "%nExamples:%n",
        footer = {"  codanet generate-man-pages --out ~/.local/share/man/man1", "  man codanet-train"})
public final class ManPagesCommand implements Callable<Integer> {
    @Spec
    CommandSpec self;

    @Mixin
    Console console;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder for the pages; made if it is missing.")
    Path out;

    @Override
    public Integer call() throws IOException {
        OutputFolder.make(out);
        CommandLine root = self.root().commandLine();
        write(root.getCommandSpec(), "codanet");
        for (Map.Entry<String, CommandLine> entry : root.getSubcommands().entrySet()) {
            write(entry.getValue().getCommandSpec(), "codanet-" + entry.getKey());
        }
        return 0;
    }

    private void write(CommandSpec spec, String name) throws IOException {
        Path file = out.resolve(name + ".1");
        AtomicFile.replace(file, page(spec, name).getBytes(StandardCharsets.UTF_8));
        console.result(file.toString());
    }

    /** The page in the language of roff's man macros. */
    static String page(CommandSpec spec, String name) {
        StringBuilder page = new StringBuilder();
        page.append(".TH ")
                .append(name.toUpperCase(java.util.Locale.ROOT))
                .append(" 1 \"\" \"codanet ")
                .append(Version.number())
                .append("\" \"codanet\"\n");
        page.append(".SH NAME\n")
                .append(roff(name))
                .append(" \\- ")
                .append(roff(plain(String.join(" ", spec.usageMessage().description()))))
                .append('\n');
        page.append(".SH SYNOPSIS\n.B ").append(roff(spec.qualifiedName())).append('\n');
        page.append(roff(synopsis(spec))).append('\n');
        if (!spec.subcommands().isEmpty()) {
            page.append(".SH COMMANDS\n");
            spec.subcommands()
                    .forEach((command, line) -> entry(
                            page,
                            command,
                            String.join(
                                    " ", line.getCommandSpec().usageMessage().description())));
        }
        if (!spec.positionalParameters().isEmpty()) {
            page.append(".SH ARGUMENTS\n");
            spec.positionalParameters().forEach(p -> entry(page, p.paramLabel(), description(p)));
        }
        page.append(".SH OPTIONS\n");
        spec.options().stream().filter(o -> !o.hidden()).forEach(o -> entry(page, names(o), description(o)));
        if (spec.usageMessage().footer().length > 0) {
            page.append(".SH EXAMPLES\n.nf\n");
            for (String line : spec.usageMessage().footer()) {
                page.append(roff(plain(line))).append('\n');
            }
            page.append(".fi\n");
        }
        page.append(
                ".SH EXIT STATUS\n0 done; 1 failed, such as for a file that is missing or holds something else; 2 wrong usage;"
                        + " 130 stopped by Ctrl\\-C; 141 stopped because nobody reads the output any more.\n");
        return page.toString();
    }

    private static String synopsis(CommandSpec spec) {
        Stream<String> required = spec.options().stream()
                .filter(o -> o.required() && o.group() == null)
                .map(ManPagesCommand::usage);
        Stream<String> choices = spec.argGroups().stream()
                .map(g ->
                        g.options().stream().map(ManPagesCommand::usage).collect(Collectors.joining(" | ", "(", ")")));
        Stream<String> positional = spec.positionalParameters().stream()
                .map(p -> p.arity().min() > 0 ? p.paramLabel() : "[" + p.paramLabel() + "]");
        Stream<String> command = spec.subcommands().isEmpty() ? Stream.empty() : Stream.of("COMMAND");
        return Stream.of(Stream.of("[OPTIONS]"), required, choices, positional, command)
                .flatMap(words -> words)
                .collect(Collectors.joining(" "));
    }

    private static String usage(OptionSpec option) {
        return option.longestName() + " " + option.paramLabel();
    }

    private static String names(OptionSpec option) {
        String names = String.join(", ", option.names());
        boolean flag = option.arity().max() == 0;
        return flag ? names : names + " " + option.paramLabel();
    }

    private static String description(ArgSpec argument) {
        return plain(Arrays.stream(argument.description()).collect(Collectors.joining(" ")))
                .replace("${DEFAULT-VALUE}", String.valueOf(argument.defaultValue()));
    }

    private static void entry(StringBuilder page, String term, String text) {
        page.append(".TP\n.B ")
                .append(roff(term))
                .append('\n')
                .append(roff(plain(text)))
                .append('\n');
    }

    private static String plain(String text) {
        return Ansi.OFF.string(text.replace("%n", " ").replace("%%", "%"));
    }

    /** Escapes what roff would read as a command: backslashes, hyphens, and a dot or quote that begins a line. */
    private static String roff(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }
}
