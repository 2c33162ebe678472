package org.codanet.cli.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Version;
import org.codanet.file.AtomicFile;
import org.codanet.file.OutputFolder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Generates the manual pages from the same texts as {@code --help}, so that the two always agree. */
@Command(
        name = "generate-man-pages",
        description = "Writes manual pages: codanet.1 and one page per command.",
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
            description = "Folder for the pages. It is created if it is missing.")
    Path out;

    @Override
    public Integer call() throws IOException {
        OutputFolder.create(out);
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

    /** The page in roff, with the man macros. */
    static String page(CommandSpec spec, String name) {
        StringBuilder page = new StringBuilder();
        page.append(".TH ")
                .append(name.toUpperCase(Locale.ROOT))
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
        page.append(".SH EXIT STATUS\n").append(roff(ExitCodes.TEXT)).append('\n');
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

    /** Escapes what roff would interpret: backslashes, hyphens, and a dot or quote at the beginning of a line. */
    private static String roff(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }
}
