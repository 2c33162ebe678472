package org.codanet.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.codanet.cli.console.Failures;
import org.codanet.cli.console.StandardStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.TypeConversionException;

/** Entry point of {@code bin/codanet}. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        int code = run(args, StandardStream.output(), StandardStream.error());
        System.exit(code);
    }

    /** Runs one command, printing to the given streams; the exit code, see {@link Failures}. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        int code;
        try {
            code = commandLine().setOut(out).setErr(err).execute(args);
        } catch (OutOfMemoryError e) {
            err.println("codanet: " + Failures.outOfMemory(e));
            code = Failures.FAILED;
        }
        out.flush();
        err.flush();
        boolean otherwiseFine = code == 0 || code == Failures.UNREAD;
        if (out.checkError() && otherwiseFine) {
            if (StandardStream.isAbandoned(out)) {
                return Failures.UNREAD;
            }
            err.println("codanet: the results could not be written to standard output");
            err.flush();
            return Failures.FAILED;
        }
        return code;
    }

    /** {@return the whole command line, ready to parse} */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new CodanetCommand());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Path.class, Main::path);
        line.setUsageHelpAutoWidth(true);
        line.setUsageHelpWidth(100);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.AUTO));
        line.setExecutionExceptionHandler(Failures::report);
        line.setParameterExceptionHandler(Failures::reportUsage);
        line.getSubcommands()
                .get("generate-completion")
                .getCommandSpec()
                .usageMessage()
                .hidden(false);
        return line;
    }

    /** A file's name. An empty one, as a script gives whose variable is not set, would be the current folder. */
    private static Path path(String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("an empty name names no file");
        }
        return Path.of(name);
    }
}
