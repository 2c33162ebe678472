package org.codanet.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads bodies within limits of size, time and memory. All bodies together take at most an eighth of the Java heap, so that many clients with
 * large bodies are refused with 429, and cannot fill it.
 */
final class BodyReader {
    private static final int KIB = 1024;

    private final ServerSettings settings;
    private final int budgetKib;
    private final Semaphore budget;

    BodyReader(ServerSettings settings) {
        this.settings = settings;
        long heap = Runtime.getRuntime().maxMemory() / KIB / 8;
        this.budgetKib = (int) Math.min(Integer.MAX_VALUE, Math.max(heap, settings.maxBody() / KIB + 1));
        this.budget = new Semaphore(budgetKib);
    }

    /** A body that is being held in memory. {@link #close} makes its share of the budget free. */
    final class Body implements Request.Body, AutoCloseable {
        private final HttpExchange exchange;
        private int held;
        private boolean complete;
        private int size;

        private Body(HttpExchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public byte[] read() {
            String encoding = exchange.getRequestHeaders().getFirst("Content-Encoding");
            if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
                throw new HttpFailure(
                        415, "a body with Content-Encoding " + encoding + " is not accepted; send it uncompressed");
            }
            long length = length();
            if (length > settings.maxBody()) {
                throw tooLarge();
            }
            hold((length < 0 ? settings.maxBody() : length) / KIB + 1);
            FutureTask<byte[]> reading = new FutureTask<>(() -> readAll(length));
            Thread.startVirtualThread(reading);
            try {
                byte[] bytes = reading.get(settings.bodyTimeout().toNanos(), TimeUnit.NANOSECONDS);
                complete = true;
                size = bytes.length;
                return bytes;
            } catch (TimeoutException e) {
                throw new HttpFailure(
                        408,
                        "the body did not arrive within "
                                + settings.bodyTimeout().toSeconds() + " s");
            } catch (ExecutionException e) {
                throw e.getCause() instanceof HttpFailure failure
                        ? failure
                        : new HttpFailure(400, "the body ended before it was complete");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HttpFailure(503, "the server stops");
            }
        }

        private long length() {
            String text = exchange.getRequestHeaders().getFirst("Content-Length");
            try {
                return text == null ? -1 : Long.parseLong(text.strip());
            } catch (NumberFormatException e) {
                throw new HttpFailure(400, "Content-Length is not a number");
            }
        }

        private void hold(long kib) {
            int wanted = (int) Math.min(kib, budgetKib);
            if (!budget.tryAcquire(wanted)) {
                throw new HttpFailure(
                        429,
                        "the server is receiving too many bodies at once; try again later",
                        Map.of("Retry-After", "1"));
            }
            held = wanted;
        }

        private byte[] readAll(long length) throws IOException {
            InputStream in = exchange.getRequestBody();
            if (length >= 0) {
                byte[] bytes = in.readNBytes((int) length);
                if (bytes.length < length) {
                    throw new IOException("end of stream");
                }
                in.read(); // The end of the stream lets the server use the connection again.
                return bytes;
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            byte[] part = new byte[64 * KIB];
            for (int count = in.read(part); count >= 0; count = in.read(part)) {
                if (bytes.size() + count > settings.maxBody()) {
                    throw tooLarge();
                }
                bytes.write(part, 0, count);
            }
            return bytes.toByteArray();
        }

        private HttpFailure tooLarge() {
            return new HttpFailure(
                    413,
                    String.format(
                            Locale.ROOT,
                            "the body is larger than the %,d bytes that are accepted",
                            settings.maxBody()));
        }

        /** Whether the connection can be used for another request. */
        boolean isComplete() {
            return complete;
        }

        /** Bytes that were read. */
        int size() {
            return size;
        }

        @Override
        public void close() {
            budget.release(held);
            held = 0;
        }
    }

    /** The body of a request, which is not read yet. */
    Body of(HttpExchange exchange) {
        return new Body(exchange);
    }
}
