package org.codanet.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * An HTTP server with one virtual thread for each request. Answers every request with a {@link Reply}, within the limits of {@link
 * ServerSettings}. Time limits for headers and idle connections are system properties of {@code jdk.httpserver}, which {@code Main} sets.
 */
public final class WebServer implements AutoCloseable {
    private static final int BACKLOG = 256;

    private final ServerSettings settings;
    private final Routes routes;
    private final BodyReader bodies;
    private final AccessLog log;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<HttpExchange> running = ConcurrentHashMap.newKeySet();
    private final Map<Integer, LongAdder> answers = new ConcurrentHashMap<>();
    private volatile boolean draining;

    /**
     * Starts to listen.
     *
     * @throws IOException naming the address if it cannot be bound
     */
    public WebServer(ServerSettings settings, Routes routes) throws IOException {
        this.settings = settings;
        this.routes = routes;
        this.bodies = new BodyReader(settings);
        this.log = new AccessLog(settings.accessLog());
        try {
            if (settings.tls().isPresent()) {
                HttpsServer secure = HttpsServer.create(settings.address(), BACKLOG);
                secure.setHttpsConfigurator(new HttpsConfigurator(settings.tls().get()));
                this.server = secure;
            } else {
                this.server = HttpServer.create(settings.address(), BACKLOG);
            }
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen at " + settings.address().getHostString() + ":"
                            + settings.address().getPort() + ": " + e.getMessage(),
                    e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Where the server listens, with the port that it was given. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void handle(HttpExchange exchange) {
        long start = System.nanoTime();
        running.add(exchange);
        try (BodyReader.Body body = bodies.of(exchange)) {
            Reply reply = answer(exchange, body);
            answers.computeIfAbsent(reply.status(), status -> new LongAdder()).increment();
            // Logged before it is sent, so that a client that has its answer finds it in the log.
            log.write(
                    exchange.getRemoteAddress().getAddress().getHostAddress(),
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().getRawPath(),
                    reply,
                    body.size(),
                    System.nanoTime() - start);
            boolean hasBody = exchange.getRequestHeaders().containsKey("Content-Length")
                    || exchange.getRequestHeaders().containsKey("Transfer-Encoding");
            send(exchange, hasBody && !body.isComplete() || draining ? reply.with("Connection", "close") : reply);
        } catch (IOException e) {
            // The client has closed the connection. There is nobody to tell.
            exchange.close();
        } finally {
            running.remove(exchange);
        }
    }

    private Reply answer(HttpExchange exchange, BodyReader.Body body) {
        try {
            Request request = Request.of(
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().getRawPath(),
                    exchange.getRequestURI().getRawQuery(),
                    exchange.getRequestHeaders()::getFirst,
                    body);
            if (draining && !routes.isHealth(request)) {
                throw new HttpFailure(503, "the server stops and takes no new requests", Map.of("Retry-After", "1"));
            }
            if (!routes.isPublic(request)) {
                requireToken(request);
            }
            return routes.answer(request, this);
        } catch (HttpFailure failure) {
            return Reply.error(failure);
        } catch (OutOfMemoryError failure) {
            return Reply.error(
                    new HttpFailure(503, "the server has no memory for this request now", Map.of("Retry-After", "1")));
        } catch (RuntimeException | StackOverflowError failure) {
            routes.report(failure);
            return Reply.error(new HttpFailure(500, "the server failed; its operator finds the reason in its log"));
        }
    }

    private void requireToken(Request request) {
        if (settings.token().isEmpty()) {
            return;
        }
        byte[] expected = ("Bearer " + settings.token().get()).getBytes(StandardCharsets.UTF_8);
        byte[] given = request.headerValue("Authorization").orElse("").getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, given)) {
            throw new HttpFailure(
                    401,
                    "this server needs a token: send the header Authorization: Bearer TOKEN",
                    Map.of("WWW-Authenticate", "Bearer"));
        }
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        reply.headers().forEach(exchange.getResponseHeaders()::set);
        boolean empty = reply.body().length == 0 || exchange.getRequestMethod().equals("HEAD");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(reply.body().length));
        }
        exchange.sendResponseHeaders(reply.status(), empty ? -1 : reply.body().length);
        if (!empty) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(reply.body());
            }
        }
        exchange.close();
    }

    /** Number of answers by status. */
    Map<Integer, LongAdder> answers() {
        return answers;
    }

    /** Whether the server stops. */
    boolean isDraining() {
        return draining;
    }

    ServerSettings settings() {
        return settings;
    }

    /** Refuses new requests with 503, and waits until the running ones are answered. @return whether they were answered in time */
    public boolean drain(Duration longest) {
        draining = true;
        long end = System.nanoTime() + longest.toNanos();
        while (!running.isEmpty() && System.nanoTime() < end) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return running.isEmpty();
    }

    /** Stops to listen, and closes all connections. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
