package org.codanet.comparison;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.codanet.file.AtomicFile;

/**
 * The values of one series in a text file of JSON lines: first the settings, then one line of numbers for each grid or image. A repeated
 * run reads the existing lines and continues after them. A line that an interruption left incomplete is measured again.
 */
final class ValueLog implements Closeable {
    private final Path file;
    private final List<double[]> rows;
    private final Writer writer;

    private ValueLog(Path file, List<double[]> rows, Writer writer) {
        this.file = file;
        this.rows = rows;
        this.writer = writer;
    }

    /**
     * Opens or creates a file.
     *
     * @param settings everything that the values depend on
     * @throws IOException if the file cannot be read or written, or was measured with other settings
     */
    static ValueLog open(Path file, JsonObject settings) throws IOException {
        List<double[]> rows = new ArrayList<>();
        if (Files.exists(file)) {
            String text = Files.readString(file);
            // Text after the last line break is an incomplete line.
            List<String> lines =
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
            if (!lines.isEmpty()) {
                requireSame(file, settings, lines.getFirst());
            }
            for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
                rows.add(numbers(file, line));
            }
        }
        StringBuilder text = new StringBuilder(settings.toString()).append('\n');
        rows.forEach(row -> text.append(line(row)));
        // The file is replaced atomically, so that an interruption here does not lose values of earlier runs.
        AtomicFile.replace(file, text.toString().getBytes(StandardCharsets.UTF_8));
        Writer writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        return new ValueLog(file, rows, writer);
    }

    private static void requireSame(Path file, JsonObject settings, String line) throws IOException {
        JsonElement found = parse(file, line);
        if (!found.equals(settings)) {
            throw new IOException(file + ": holds values of other settings, " + found + " instead of " + settings
                    + "; choose another output folder");
        }
    }

    private static JsonElement parse(Path file, String line) throws IOException {
        try {
            return JsonParser.parseString(line);
        } catch (JsonParseException e) {
            throw new IOException(file + ": is not a file of values; choose another output folder", e);
        }
    }

    private static double[] numbers(Path file, String line) throws IOException {
        if (!(parse(file, line) instanceof JsonArray array)) {
            throw new IOException(file + ": is not a file of values; choose another output folder");
        }
        double[] row = new double[array.size()];
        for (int i = 0; i < row.length; i++) {
            row[i] = array.get(i).getAsDouble();
        }
        return row;
    }

    private static String line(double[] row) {
        JsonArray array = new JsonArray();
        for (double value : row) {
            array.add(value);
        }
        return array + "\n";
    }

    /** {@return the number of rows} */
    int count() {
        return rows.size();
    }

    /** Adds a row, writes it to the file and flushes. */
    void add(double[] row) throws IOException {
        rows.add(row);
        writer.write(line(row));
        writer.flush();
    }

    /** {@return the first rows} */
    List<double[]> rows(int count) {
        return List.copyOf(rows.subList(0, count));
    }

    /** {@return the file} */
    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
