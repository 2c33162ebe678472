package org.codanet.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.codanet.explain.ClassScore;
import org.codanet.file.AtomicFile;

/**
 * The best classes of images as comma-separated values (RFC 4180, UTF-8), one line per image and class. The columns are image, rank
 * from 1, class as an index from 0, label, probability, logit and error. An image that cannot be read has one line, in which only
 * image and error are filled. Not thread-safe.
 */
public final class PredictionTable {
    private final StringBuilder text = new StringBuilder("image,rank,class,label,probability,logit,error\n");

    /** Creates a table without images. */
    public PredictionTable() {}

    /** Adds an image. @param ranking its best classes, the best one first */
    public void add(String image, List<ClassScore> ranking) {
        int rank = 1;
        for (ClassScore score : ranking) {
            line(
                    image,
                    Integer.toString(rank++),
                    Integer.toString(score.index()),
                    score.label(),
                    String.valueOf(score.probability()),
                    String.valueOf(score.logit()),
                    "");
        }
    }

    /** Adds an image that cannot be read. @param reason in one sentence */
    public void addUnreadable(String image, String reason) {
        line(image, "", "", "", "", "", reason);
    }

    /** The table as text, with one line break after each line. */
    @Override
    public String toString() {
        return text.toString();
    }

    /** Writes or replaces a file. */
    public void write(Path file) throws IOException {
        AtomicFile.replace(file, toString().getBytes(StandardCharsets.UTF_8));
    }

    private void line(String... fields) {
        for (int i = 0; i < fields.length; i++) {
            text.append(i == 0 ? "" : ",").append(quoted(fields[i]));
        }
        text.append('\n');
    }

    private static String quoted(String field) {
        boolean plain = field.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
    }
}
