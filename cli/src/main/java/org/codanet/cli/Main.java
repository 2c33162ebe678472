package org.codanet.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Entry point of {@code bin/codanet}. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        int code = run(args, new PrintWriter(System.out, true), new PrintWriter(System.err, true));
        System.exit(code);
    }

    /** Runs one command, printing to the given streams; the exit code: 0 done, 1 failed, 2 wrong usage. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        int code;
        try {
            code = commandLine().setOut(out).setErr(err).execute(args);
        } catch (OutOfMemoryError e) {
            err.println("codanet: " + Failures.outOfMemory(e));
            code = 1;
        }
        out.flush();
        err.flush();
        if (out.checkError()) {
            err.println("codanet: the results could not be written to standard output");
            err.flush();
            return code == 0 ? 1 : code;
        }
        return code;
    }

    /** {@return the whole command line, ready to parse} */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new CodanetCommand());
        line.setCaseInsensitiveEnumValuesAllowed(true);
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
}
