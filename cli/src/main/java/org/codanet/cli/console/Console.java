package org.codanet.cli.console;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where a command prints: results to standard output, the rest to standard error, more or less of it. */
public final class Console {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    @Spec(Spec.Target.MIXEE)
    public CommandSpec spec;

    @Option(
            names = {"-q", "--quiet"},
            description = "Only results and errors.")
    public boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "More about what happens, and stack traces of errors.")
    public boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    /** A line of the result. @throws UnreadException if it cannot be written, because the reader has left or the disk is full */
    public void result(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(line);
        if (out.checkError()) {
            throw new UnreadException();
        }
    }

    /** A formatted line of the result, alike in every locale. */
    public void result(String format, Object... values) {
        result(String.format(Locale.ROOT, format, values));
    }

    /** A result for programs, on one line. */
    public void result(JsonObject json) {
        result(GSON.toJson(json));
    }

    /** What a person wants to know meanwhile; kept back by {@code --quiet}. @throws UnreadException if nobody reads it any more */
    public void say(String line) {
        if (!quiet) {
            warn(line);
            requireReader(err());
        }
    }

    /** What is worth knowing when something is being looked into. */
    public void detail(String line) {
        if (verbose) {
            warn(line);
        }
    }

    /** What must not be missed, {@code --quiet} or not. */
    public void warn(String line) {
        err().println(line);
        err().flush();
    }

    /** Progress of {@code total} steps of something that is counted in {@code unit}, such as {@code images}. */
    public Progress progress(String what, String unit, long total) {
        return new Progress(quiet ? null : err(), isTerminal(), what, unit, total, System::nanoTime);
    }

    /** Ends a command whose progress nobody follows any more, as a pipe's signal ends programs that are not Java. */
    static void requireReader(PrintWriter stream) {
        if (StandardStream.isAbandoned(stream)) {
            throw new UnreadException();
        }
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Whether a person watches. */
    private static boolean isTerminal() {
        // Java tells of standard input and output only. Where both are a terminal, standard error is one too, or
        // somebody asked.
        String term = System.getenv("TERM");
        return System.console() != null && System.console().isTerminal() && term != null && !term.equals("dumb");
    }

    /** The first fields of every result for programs. */
    public static JsonObject json(String schema) {
        JsonObject json = new JsonObject();
        json.addProperty("schema", schema);
        return json;
    }
}
