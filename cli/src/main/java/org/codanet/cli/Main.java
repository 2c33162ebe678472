package org.codanet.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import org.codanet.cli.console.ExitCodes;
import org.codanet.cli.console.Failures;
import org.codanet.cli.console.StandardStream;
import org.codanet.data.image.ImageSize;
import org.codanet.file.FileName;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.TypeConversionException;

/** Entry point of {@code bin/codanet}. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        // Pictures are decoded and drawn without a screen. The library does not set this property itself.
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
        for (Map.Entry<String, String> limit : httpLimits().entrySet()) {
            if (System.getProperty(limit.getKey()) == null) {
                System.setProperty(limit.getKey(), limit.getValue());
            }
        }
        int code = run(args, StandardStream.output(), StandardStream.error());
        System.exit(code);
    }

    /** Limits of {@code serve}: the JDK's server reads them from system properties, once, when it is first used. */
    private static Map<String, String> httpLimits() {
        return Map.of(
                // Without it, an answer may wait 40 ms for an acknowledgement.
                "sun.net.httpserver.nodelay", "true",
                // Seconds to receive a whole request, and from there to send its answer.
                "sun.net.httpserver.maxReqTime", "20",
                "sun.net.httpserver.maxRspTime", "180",
                "sun.net.httpserver.idleInterval", "60",
                "sun.net.httpserver.maxReqHeaders", "100",
                "sun.net.httpserver.maxReqHeaderSize", "32768",
                "jdk.httpserver.maxConnections", "2048");
    }

    /**
     * Runs one command, which prints to the given streams.
     *
     * @return the exit code, see {@link ExitCodes}
     */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        int code;
        for (String word : args) {
            if (word.contains("\uFFFD") && !FileName.isUtf8()) {
                err.println(
                        "codanet: Java could not read '" + word + "', because the locale is not installed or not UTF-8;"
                                + " set LC_ALL=C.UTF-8, as the launcher bin/codanet does");
                err.flush();
                return ExitCodes.WRONG_USAGE;
            }
        }
        try {
            code = commandLine().setOut(out).setErr(err).execute(args);
        } catch (OutOfMemoryError e) {
            err.println("codanet: " + Failures.outOfMemory(e));
            code = ExitCodes.FAILURE;
        }
        out.flush();
        err.flush();
        boolean noOtherFailure = code == ExitCodes.SUCCESS || code == ExitCodes.OUTPUT_CLOSED;
        if (out.checkError() && noOtherFailure) {
            if (StandardStream.isReaderGone(out)) {
                return ExitCodes.OUTPUT_CLOSED;
            }
            err.println("codanet: the results could not be written to standard output");
            err.flush();
            return ExitCodes.FAILURE;
        }
        return code;
    }

    /** {@return the whole command line, ready to parse} */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new CodanetCommand());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Path.class, Main::path);
        line.registerConverter(ImageSize.class, Main::size);
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

    /** Converts a file name. Refuses an empty name, which a script passes if a variable is not set; it would mean the current folder. */
    private static Path path(String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("an empty name is not a file name");
        }
        return Path.of(name);
    }

    private static ImageSize size(String text) {
        try {
            return ImageSize.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
