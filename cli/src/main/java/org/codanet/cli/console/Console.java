package org.codanet.cli.console;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The output of a command: results go to standard output, everything else to standard error. */
public final class Console {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    @Spec(Spec.Target.MIXEE)
    public CommandSpec spec;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print only results and errors.")
    public boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Print more details, and stack traces of errors.")
    public boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    /**
     * Prints a line of the result.
     *
     * @throws OutputClosedException if the reader has closed the output or the disk is full
     */
    public void result(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(line);
        if (out.checkError()) {
            throw new OutputClosedException();
        }
    }

    /** {@return the command as the user typed it, with quotes where a shell needs them} */
    public String commandLine() {
        List<String> arguments = spec.root().commandLine().getParseResult().originalArgs();
        StringBuilder text = new StringBuilder("codanet");
        for (String argument : arguments) {
            boolean plain = argument.matches("[A-Za-z0-9_./:=,+@%-]+");
            text.append(' ').append(plain ? argument : "'" + argument.replace("'", "'\\''") + "'");
        }
        return text.toString();
    }

    /** Prints a formatted line of the result. The format does not depend on the locale. */
    public void result(String format, Object... values) {
        result(String.format(Locale.ROOT, format, values));
    }

    /** Prints a result as JSON on one line. */
    public void result(JsonObject json) {
        result(GSON.toJson(json));
    }

    /**
     * Prints a message unless {@code --quiet} is set.
     *
     * @throws OutputClosedException if the reader has closed standard error
     */
    public void say(String line) {
        if (!quiet) {
            warn(line);
            requireReader(err());
        }
    }

    /** Prints a message if {@code --verbose} is set. */
    public void detail(String line) {
        if (verbose) {
            warn(line);
        }
    }

    /** Prints a message, even if {@code --quiet} is set. */
    public void warn(String line) {
        err().println(line);
        err().flush();
    }

    /** Starts a progress display of {@code total} units, such as {@code images}. */
    public Progress progress(String what, String unit, long total) {
        return new Progress(quiet ? null : err(), isTerminal(), what, unit, total, System::nanoTime);
    }

    /** Stops the command if the reader of a stream has closed it. Java ignores SIGPIPE, which stops other programs. */
    static void requireReader(PrintWriter stream) {
        if (StandardStream.isReaderGone(stream)) {
            throw new OutputClosedException();
        }
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Whether standard error is a terminal. */
    private static boolean isTerminal() {
        // Java reports this only for standard input and output. If both are terminals, standard error usually is too.
        String term = System.getenv("TERM");
        return System.console() != null && System.console().isTerminal() && term != null && !term.equals("dumb");
    }

    /** A JSON object with the field that every JSON result begins with. */
    public static JsonObject json(String schema) {
        JsonObject json = new JsonObject();
        json.addProperty("schema", schema);
        return json;
    }
}
