package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command serve as a process: start, slow clients, and stop. */
final class ServeCommandTest {
    @TempDir
    Path folder;

    @Test
    void servesUntilItIsTerminatedAndCutsSlowClients() throws Exception {
        Path model = Samples.model(folder, false);
        Path log = folder.resolve("access.log");
        ProcessBuilder program = Run.program(
                "serve",
                "--model",
                "a=" + model,
                "--model",
                "b=" + model,
                "--port",
                0,
                "--device",
                "cpu",
                "--json",
                "--access-log",
                log);
        program.environment().put("JAVA_TOOL_OPTIONS", "-Dsun.net.httpserver.maxReqTime=2");
        program.redirectError(folder.resolve("err.txt").toFile());
        Process process = program.start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            assertTrue(line != null, () -> text(folder.resolve("err.txt")));
            JsonObject started = JsonParser.parseString(line).getAsJsonObject();
            assertEquals("codanet.serve/1", started.get("schema").getAsString());
            assertEquals(2, started.getAsJsonArray("models").size());
            URI address = URI.create(started.get("url").getAsString());
            HttpClient client = HttpClient.newHttpClient();
            HttpResponse<String> ready = client.send(
                    HttpRequest.newBuilder(address.resolve("v2/models/b/ready")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertEquals(200, ready.statusCode(), ready.body());

            // A client that sends its headers byte by byte is cut, although it never stops sending.
            try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), address.getPort())) {
                long start = System.nanoTime();
                boolean open = true;
                while (open && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(15)) {
                    try {
                        slow.getOutputStream().write("GET / HTTP/1.1\r\nA: b".getBytes(StandardCharsets.US_ASCII));
                        Thread.sleep(200);
                    } catch (IOException cut) {
                        open = false;
                    }
                }
                assertTrue(!open, "a slow client was not cut");
            }
        } finally {
            process.destroy();
        }
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the server did not stop");
        assertEquals(0, process.exitValue(), () -> text(folder.resolve("err.txt")));
        assertTrue(text(log).contains("\"path\":\"/v2/models/b/ready\",\"status\":200"), () -> text(log));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void wrongOptionsAreRefusedWithOneSentence() throws Exception {
        Path model = Samples.model(folder, false);
        assertRefused("--port must be from 0 to 65535, got 70000", "--port", 70000);
        assertRefused("--tls-cert and --tls-key must be given together", "--tls-cert", model);
        assertRefused("--model: there are two models called default", "--model", model, "--model", model);
        assertRefused("--timeout must be above 0 and at most 86400 seconds, got 0.0", "--timeout", 0);
        assertRefused("holds no private key in PEM form", "--tls-cert", pem("chain.pem"), "--tls-key", pem("key.pem"));
        Path token = Files.writeString(folder.resolve("token.txt"), "short");
        assertRefused("must hold one word of at least 8 printable ASCII characters", "--token-file", token);
    }

    private Path pem(String name) throws IOException {
        return Files.writeString(folder.resolve(name), "nothing");
    }

    private static void assertRefused(String sentence, Object... options) {
        Object[] all = new Object[options.length + 1];
        all[0] = "serve";
        System.arraycopy(options, 0, all, 1, options.length);
        Run run = Run.of(all);
        assertTrue(
                run.code() != 0
                        && run.err().contains(sentence)
                        && run.err().lines().count() == 1,
                run.toString());
    }

    @Test
    void theDescriptionIsPrinted() {
        JsonObject description =
                JsonParser.parseString(Run.of("serve", "--print-openapi").out()).getAsJsonObject();
        assertTrue(description.getAsJsonObject("paths").has("/explain"));
    }
}
