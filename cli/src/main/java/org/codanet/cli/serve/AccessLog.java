package org.codanet.cli.serve;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.Writer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Writes one line of JSON for each request. A log that cannot be written does not fail requests. */
final class AccessLog {
    /** Longer addresses are cut, so that a client cannot fill the log with one request. */
    private static final int LONGEST_PATH = 300;

    private final Optional<Writer> log;

    AccessLog(Optional<Writer> log) {
        this.log = log;
    }

    void write(String client, String method, String path, Reply reply, int bytesIn, long nanos) {
        if (log.isEmpty()) {
            return;
        }
        JsonObject line = new JsonObject();
        line.addProperty("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        line.addProperty("client", client);
        line.addProperty("method", method);
        line.addProperty("path", path.length() > LONGEST_PATH ? path.substring(0, LONGEST_PATH) : path);
        line.addProperty("status", reply.status());
        line.addProperty("bytes_in", bytesIn);
        line.addProperty("bytes_out", reply.body().length);
        line.addProperty("ms", Math.round(nanos / 1e4) / 100.0);
        Writer writer = log.get();
        synchronized (writer) {
            try {
                writer.write(line + "\n");
                writer.flush();
            } catch (IOException ignored) {
                // The requests matter more than their log.
            }
        }
    }
}
