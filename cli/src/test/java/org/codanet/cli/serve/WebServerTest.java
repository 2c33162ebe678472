package org.codanet.cli.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.codanet.render.Picture;
import org.codanet.service.ServiceImage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures over HTTP, limits, refusals, and clients that do not keep to the protocol. */
final class WebServerTest {
    private static final int MALFORMED = Integer.getInteger("codanet.malformedRequests", 1000);
    private static final byte[] PNG = Picture.png(photo(20));

    private RunningServer running;

    private static BufferedImage photo(int side) {
        BufferedImage photo = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side * side; i++) {
            photo.setRGB(i % side, i / side, i * 977);
        }
        return photo;
    }

    @BeforeEach
    void start() throws IOException {
        running = new RunningServer();
    }

    @AfterEach
    void stop() {
        running.close();
        assertTrue(running.failures.isEmpty(), () -> "failures of the server: " + running.failures);
    }

    @Test
    void aPictureIsExplainedAsJsonAndAsPng() throws Exception {
        JsonObject answer = RunningServer.json(
                running.send("POST", "/explain?target=top:2&picture=1", PNG, "Content-Type", "image/png"));
        assertEquals("codanet.serve.explain/1", answer.get("schema").getAsString());
        assertEquals(3, answer.getAsJsonArray("classes").size());
        assertTrue(answer.get("input_png").getAsString().startsWith("data:image/png;base64,"));
        JsonObject first = answer.getAsJsonArray("explanations").get(0).getAsJsonObject();
        double sum = 0;
        for (int i = 0; i < 49; i++) {
            sum += first.getAsJsonArray("contributions").get(i).getAsFloat();
        }
        assertEquals(first.get("sum").getAsDouble(), sum, 1e-9);
        assertEquals(
                first.get("value").getAsDouble(),
                sum + first.get("bias").getAsDouble(),
                first.get("tolerance").getAsDouble());
        assertEquals(
                running.service
                        .explain(ServiceImage.encoded(PNG))
                        .certificate(0)
                        .value(),
                first.get("value").getAsDouble());

        HttpResponse<byte[]> png = running.send("POST", "/explain", PNG, "Accept", "image/png");
        assertEquals("image/png", png.headers().firstValue("Content-Type").orElse(""));
        assertEquals((byte) 0x89, png.body()[0]);
    }

    @Test
    void everyRefusalHasItsStatusAndOneSentence() throws Exception {
        assertEquals(
                "the body is text/plain; send a JPEG, PNG, GIF or BMP file as image/jpeg and so on",
                RunningServer.error(415, running.send("POST", "/explain", PNG, "Content-Type", "text/plain")));
        assertEquals(
                "a body with Content-Encoding gzip is not accepted; send it uncompressed",
                RunningServer.error(415, running.send("POST", "/explain", PNG, "Content-Encoding", "gzip")));
        assertEquals(
                "the answer is application/json or image/png; Accept allows neither",
                RunningServer.error(406, running.send("POST", "/explain", PNG, "Accept", "text/html")));
        assertEquals(
                "the body is larger than the 200,000 bytes that are accepted",
                RunningServer.error(413, running.send("POST", "/explain", new byte[RunningServer.MAX_BODY + 1])));
        assertEquals(
                "image: has 200 x 200 pixels, more than the 20,000 that are accepted",
                RunningServer.error(413, running.send("POST", "/explain", Picture.png(photo(200)))));
        assertEquals(
                "there is no model 'cat'; there are toy",
                RunningServer.error(404, running.send("POST", "/explain?model=cat", PNG)));
        assertTrue(RunningServer.error(400, running.send("POST", "/explain?size=3", PNG))
                .startsWith("there is no query parameter 'size'"));
        assertTrue(RunningServer.error(400, running.send("POST", "/explain", new byte[0]))
                .startsWith("image: "));
        HttpResponse<byte[]> method = running.send("DELETE", "/explain", null);
        assertEquals("the method DELETE is not allowed here", RunningServer.error(405, method));
        assertEquals("POST", method.headers().firstValue("Allow").orElse(""));
        RunningServer.error(404, running.get("/cat"));
    }

    @Test
    void aTokenIsRequiredIfTheServerHasOne() throws Exception {
        try (RunningServer guarded =
                new RunningServer(Optional.of("secret-token"), Optional.empty(), HttpClient.newHttpClient())) {
            for (String path : List.of("/v2", "/metrics", "/v2/models/toy", "/openapi.json")) {
                HttpResponse<byte[]> refused = guarded.get(path);
                assertEquals(
                        "this server needs a token: send the header Authorization: Bearer TOKEN",
                        RunningServer.error(401, refused));
                assertEquals(
                        "Bearer",
                        refused.headers().firstValue("WWW-Authenticate").orElse(""));
                assertEquals(
                        401,
                        guarded.get(path, "Authorization", "Bearer secret-tokem")
                                .statusCode());
                assertEquals(
                        200,
                        guarded.get(path, "Authorization", "Bearer secret-token")
                                .statusCode());
            }
            assertEquals(200, guarded.get("/v2/health/ready").statusCode());
            assertEquals(200, guarded.get("/").statusCode());
        }
    }

    @Test
    void tlsIsSpokenWithACertificateInPemFiles(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "server",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storepass",
                        "changeit",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .start();
        assertEquals(0, keytool.waitFor());
        KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        Base64.Encoder mime = Base64.getMimeEncoder();
        Path certificate = Files.writeString(
                folder.resolve("chain.pem"),
                "-----BEGIN CERTIFICATE-----\n"
                        + mime.encodeToString(keys.getCertificate("server").getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        Path key = Files.writeString(
                folder.resolve("key.pem"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + mime.encodeToString(
                                keys.getKey("server", "changeit".toCharArray()).getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", keys.getCertificate("server"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), new SecureRandom());
        try (RunningServer secure = new RunningServer(
                Optional.empty(),
                Optional.of(TlsFiles.read(certificate, key)),
                HttpClient.newBuilder().sslContext(context).build())) {
            assertEquals(200, secure.get("/v2/health/ready").statusCode());
        }
    }

    @Test
    void aBodyThatDoesNotArriveInTimeIsRefused() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), running.port())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream()
                    .write("POST /explain HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc"
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readNBytes(12);
            assertEquals("HTTP/1.1 408", new String(answer, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void theLogHasOneLineOfJsonForEachRequest() throws Exception {
        running.get("/v2/health/ready");
        running.send("POST", "/explain", PNG);
        List<String> lines = running.log.toString().lines().toList();
        assertEquals(2, lines.size());
        JsonObject line = JsonParser.parseString(lines.get(1)).getAsJsonObject();
        assertEquals("/explain", line.get("path").getAsString());
        assertEquals(200, line.get("status").getAsInt());
        assertEquals(PNG.length, line.get("bytes_in").getAsInt());
        assertTrue(line.get("ms").getAsDouble() > 0);
    }

    @Test
    void metricsHaveTheFormOfPrometheus() throws Exception {
        running.send("POST", "/explain", PNG);
        String text = new String(running.get("/metrics").body(), StandardCharsets.UTF_8);
        Pattern form = Pattern.compile("# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z]+=\"[^\"]*\",?)+})? [0-9.E+-]+");
        text.lines().forEach(line -> assertTrue(form.matcher(line).matches(), line));
        assertTrue(text.contains("nv_inference_request_success{model=\"toy\"} 1\n"), text);
        assertTrue(text.contains("codanet_call_seconds_bucket{model=\"toy\",stage=\"queue\",le=\"+Inf\"} 1\n"), text);
        assertTrue(text.contains("codanet_http_answers_total{status=\"200\"} 1\n"), text);
    }

    @Test
    void everyPathOfTheDescriptionIsThere() throws Exception {
        JsonObject paths =
                JsonParser.parseString(OpenApi.text()).getAsJsonObject().getAsJsonObject("paths");
        for (String path : paths.keySet()) {
            String real = path.replace("{model}", "toy").replace("{version}", "1");
            for (String method : paths.getAsJsonObject(path).keySet()) {
                int status = running.send(
                                method.toUpperCase(Locale.ROOT), real, method.equals("post") ? new byte[1] : null)
                        .statusCode();
                assertTrue(status == 200 || status == 400, method + " " + path + " gives " + status);
            }
        }
    }

    @Test
    void theServerStopsAfterTheRunningRequests() throws Exception {
        assertTrue(running.server.drain(Duration.ofSeconds(5)));
        assertEquals(
                "the server stops and takes no new requests",
                RunningServer.error(503, running.send("POST", "/explain", PNG)));
        assertEquals(503, running.get("/v2/health/ready").statusCode());
        assertEquals(200, running.get("/v2/health/live").statusCode());
    }

    /** Requests that are cut, mixed up or random. The server answers 4xx or closes the connection, keeps working, and does not grow. */
    @Test
    void malformedRequestsDoNoHarm() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        List<String> good = List.of(
                "GET /v2/models/toy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "POST /explain?target=all HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
                "POST /v2/models/toy/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "POST /v2/models/toy/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"inputs\":[]}");
        Pattern fine = Pattern.compile(
                "(?s)|HTTP/1\\.1 (200|4\\d\\d|501 Not Implemented\r\n.*Unsupported Transfer-Encoding) ?.*");
        int threads = 0;
        for (int i = 0; i < MALFORMED; i++) {
            byte[] bytes = good.get(i % good.size()).getBytes(StandardCharsets.ISO_8859_1);
            for (int change = random.nextInt(1, 6); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            byte[] sent = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
            String answer;
            try {
                answer = running.raw(sent);
            } catch (IOException reset) {
                answer = "";
            }
            String text = answer;
            assertTrue(
                    fine.matcher(text).matches(),
                    () -> new String(sent, StandardCharsets.ISO_8859_1) + " gives " + text);
            assertFalse(text.contains("\tat "), () -> "a stack trace: " + text);
            threads = i == MALFORMED / 4 ? Thread.activeCount() : threads;
        }
        assertEquals(200, running.send("POST", "/explain", PNG).statusCode());
        assertTrue(Thread.activeCount() <= threads + 4, "threads grew from " + threads + " to " + Thread.activeCount());
        assertEquals(0, running.service.health().models().getFirst().waiting());
    }
}
