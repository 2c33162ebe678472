package org.codanet.cli.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import org.codanet.explain.Target;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.service.ExplanationService;
import org.codanet.testing.ToyModels;
import org.codanet.testing.Toys;

/** A server in this JVM with a toy model of 7 x 7 pixels, and a client. */
final class RunningServer implements AutoCloseable {
    static final ModelFile MODEL =
            ToyModels.untrained(Toys.network(), Optional.of(new Preprocessing(3, Toys.SIZE, Toys.SIZE, 0)));
    static final int MAX_BODY = 200_000;

    final ExplanationService service;
    final WebServer server;
    final StringWriter log = new StringWriter();
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final HttpClient client;
    private final String scheme;

    RunningServer() throws IOException {
        this(Optional.empty(), Optional.empty(), HttpClient.newHttpClient());
    }

    RunningServer(Optional<String> token, Optional<SSLContext> tls, HttpClient client) throws IOException {
        this.client = client;
        this.scheme = tls.isPresent() ? "https" : "http";
        service = ExplanationService.builder().model("toy", MODEL).device("cpu").build();
        service.warmUp(List.of(Target.predicted()));
        ServerSettings settings = new ServerSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                tls,
                token,
                MAX_BODY,
                Duration.ofMillis(500),
                Duration.ofSeconds(10),
                20_000,
                Optional.of(log));
        server = new WebServer(settings, new Routes(service, settings, 16, failures::add));
    }

    int port() {
        return server.address().getPort();
    }

    URI address(String path) {
        return URI.create(scheme + "://127.0.0.1:" + port() + path);
    }

    HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address(path))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        return client.send(
                (headers.length == 0 ? request : request.headers(headers)).build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    HttpResponse<byte[]> get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, null, headers);
    }

    static JsonObject json(HttpResponse<byte[]> response) {
        assertEquals(
                "application/json",
                response.headers().firstValue("Content-Type").orElse(""));
        return JsonParser.parseString(new String(response.body(), StandardCharsets.UTF_8))
                .getAsJsonObject();
    }

    /** The sentence of a refusal. */
    static String error(int status, HttpResponse<byte[]> response) {
        assertEquals(status, response.statusCode(), () -> new String(response.body(), StandardCharsets.UTF_8));
        return json(response).get("error").getAsString();
    }

    /** Sends bytes as they are. @return what came back until the server closed the connection, or nothing for two seconds */
    String raw(byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(2000);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public void close() {
        server.close();
        service.close();
    }
}
