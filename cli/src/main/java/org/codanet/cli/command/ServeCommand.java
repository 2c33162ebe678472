package org.codanet.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.codanet.cli.console.ByteSize;
import org.codanet.cli.console.Console;
import org.codanet.cli.console.Failures;
import org.codanet.cli.option.DeviceOption;
import org.codanet.cli.serve.OpenApi;
import org.codanet.cli.serve.Routes;
import org.codanet.cli.serve.ServerSettings;
import org.codanet.cli.serve.TlsFiles;
import org.codanet.cli.serve.WebServer;
import org.codanet.explain.Target;
import org.codanet.file.InputFile;
import org.codanet.model.BundledModel;
import org.codanet.model.ModelFile;
import org.codanet.service.ExplanationService;
import org.codanet.service.ExplanationServiceBuilder;
import org.codanet.service.ModelInfo;
import org.codanet.service.ServiceHealth;
import org.codanet.service.ServiceListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Explains images over HTTP until the process is asked to stop. */
@Command(
        name = "serve",
        description =
                "Explains images over HTTP: for browsers at /, for curl at /explain, and for clients of the Open Inference"
                        + " Protocol v2.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  codanet serve",
            "  codanet serve --model run/best.safetensors --port 8080",
            "  codanet serve --model cats=cats.safetensors --model dogs=dogs.safetensors --device cuda",
            "  codanet serve --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem --token-file token.txt",
            "",
            "Ctrl-C or SIGTERM stops it: new requests are refused, running ones are answered, and the exit code is 0."
                    + " docs/serving.md describes the interface, the limits and the metrics."
        })
public final class ServeCommand implements Callable<Integer> {
    /** Name and version of the {@code --json} format. */
    public static final String SCHEMA = "codanet.serve/1";

    private static final String DEFAULT_NAME = "default";

    @Mixin
    Console console;

    @Mixin
    DeviceOption deviceOption;

    @Option(
            names = "--model",
            paramLabel = "[NAME=]FILE",
            description =
                    "Model file of codanet. May be given several times with different names; without a name it is called"
                            + " 'default'. Default: the network that comes with codanet.")
    List<String> models = new ArrayList<>();

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8080",
            description = "Port; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "Address to listen at; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}, which other machines cannot reach.")
    String host;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "Certificate chain in PEM form; needs --tls-key.")
    Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "Private key of the certificate, PKCS #8 in PEM form without a password.")
    Path key;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description =
                    "File with a token that clients must send as 'Authorization: Bearer TOKEN'. Default: no token is needed.")
    Path tokenFile;

    @Option(
            names = "--max-batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "Largest number of images of one pass. Default: ${DEFAULT-VALUE}.")
    int maxBatch;

    @Option(
            names = "--max-delay",
            paramLabel = "MS",
            defaultValue = "0",
            description =
                    "How many milliseconds an image waits for others while the device is busy. Default: ${DEFAULT-VALUE}.")
    double maxDelay;

    @Option(
            names = "--max-queue",
            paramLabel = "N",
            defaultValue = "256",
            description =
                    "Largest number of waiting images of each model; more are refused with 429. Default: ${DEFAULT-VALUE}.")
    int maxQueue;

    @Option(
            names = "--max-body",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Largest body of a request. Default: 32m.")
    Long maxBody;

    @Option(
            names = "--max-pixels",
            paramLabel = "N",
            defaultValue = "25000000",
            description = "Largest number of pixels of a picture. Default: ${DEFAULT-VALUE}.")
    long maxPixels;

    @Option(
            names = "--timeout",
            paramLabel = "S",
            defaultValue = "30",
            description =
                    "Longest time in seconds for one explanation, from its admission to its result. Default: ${DEFAULT-VALUE}.")
    double timeout;

    @Option(
            names = "--body-timeout",
            paramLabel = "S",
            defaultValue = "15",
            description = "Longest time in seconds to receive a body. Default: ${DEFAULT-VALUE}.")
    double bodyTimeout;

    @Option(
            names = "--drain-timeout",
            paramLabel = "S",
            defaultValue = "30",
            description =
                    "Longest time in seconds that running requests get when the server stops. Default: ${DEFAULT-VALUE}.")
    double drainTimeout;

    @Option(
            names = "--access-log",
            paramLabel = "FILE",
            description = "Append one line of JSON for each request to a file; - for standard error. Default: no log.")
    String accessLog;

    @Option(
            names = "--reopen-device",
            description = "Open a device that fails again. Default: calls are refused, and the server is not ready.")
    boolean reopenDevice;

    @Option(names = "--print-openapi", description = "Print the description of the interface in OpenAPI and exit.")
    boolean printOpenApi;

    @Option(names = "--json", description = "Print address, device and models as one JSON object instead of text.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        if (printOpenApi) {
            console.result(OpenApi.text().strip());
            return 0;
        }
        try (Writer log = openLog()) {
            ServerSettings settings = settings(log);
            try (ExplanationService service = service()) {
                serve(service, settings);
            }
        }
        return 0;
    }

    private ServerSettings settings(Writer log) throws IOException {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("--port must be from 0 to 65535, got " + port);
        }
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("--tls-cert and --tls-key must be given together");
        }
        long body = maxBody == null ? 32 << 20 : maxBody;
        if (body < 1 || body > 1 << 30) {
            throw new IllegalArgumentException("--max-body must be at most 1g");
        }
        if (maxPixels < 1) {
            throw new IllegalArgumentException("--max-pixels must be at least 1, got " + maxPixels);
        }
        Optional<SSLContext> tls =
                certificate == null ? Optional.empty() : Optional.of(TlsFiles.read(certificate, key));
        InetAddress address = address();
        if (!address.isLoopbackAddress() && tls.isEmpty()) {
            console.warn("warning: " + host
                    + " can be reached by other machines, and pictures and answers are not encrypted;"
                    + " give --tls-cert and --tls-key, or put a proxy with TLS in front");
        }
        return new ServerSettings(
                new InetSocketAddress(address, port),
                tls,
                token(),
                Math.toIntExact(body),
                seconds("--body-timeout", bodyTimeout),
                seconds("--timeout", timeout),
                maxPixels,
                Optional.ofNullable(log));
    }

    private InetAddress address() throws IOException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IOException("--host " + host + " is not an address of this machine", e);
        }
    }

    private Optional<String> token() throws IOException {
        if (tokenFile == null) {
            return Optional.empty();
        }
        String token = InputFile.text(tokenFile).strip();
        if (!token.matches("[\\x21-\\x7e]{8,}")) {
            throw new IllegalArgumentException(
                    "--token-file " + tokenFile + " must hold one word of at least 8 printable ASCII characters");
        }
        return Optional.of(token);
    }

    private static Duration seconds(String option, double value) {
        if (!(value > 0 && value <= 86_400)) {
            throw new IllegalArgumentException(option + " must be above 0 and at most 86400 seconds, got " + value);
        }
        return Duration.ofNanos(Math.round(value * 1e9));
    }

    private Writer openLog() throws IOException {
        if (accessLog == null) {
            return null;
        }
        if (accessLog.equals("-")) {
            return new Writer() {
                @Override
                public void write(char[] text, int start, int length) {
                    console.warn(new String(text, start, length).stripTrailing());
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };
        }
        return Files.newBufferedWriter(
                Path.of(accessLog), StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private ExplanationService service() throws IOException {
        if (!(maxDelay >= 0 && maxDelay <= 10_000)) {
            throw new IllegalArgumentException("--max-delay must be from 0 to 10000 ms, got " + maxDelay);
        }
        ExplanationServiceBuilder builder = ExplanationService.builder()
                .device(deviceOption.name)
                .deviceOptions(deviceOption.options())
                .maxBatch(maxBatch)
                .maxDelay(Duration.ofNanos(Math.round(maxDelay * 1e6)))
                .maxQueue(maxQueue)
                .maxPixels(maxPixels)
                .closeTimeout(seconds("--drain-timeout", drainTimeout))
                .reopenDevice(reopenDevice)
                .listener(listener());
        for (Map.Entry<String, ModelFile> model : read().entrySet()) {
            builder.model(model.getKey(), model.getValue());
        }
        return builder.build();
    }

    private Map<String, ModelFile> read() throws IOException {
        Map<String, ModelFile> files = new LinkedHashMap<>();
        if (models.isEmpty()) {
            files.put(
                    DEFAULT_NAME,
                    BundledModel.read()
                            .orElseThrow(() -> new IllegalArgumentException(
                                    "--model is missing, and this build of codanet comes without a network")));
        }
        for (String model : models) {
            int equals = model.indexOf('=');
            String name = equals < 0 ? DEFAULT_NAME : model.substring(0, equals);
            if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
                throw new IllegalArgumentException(
                        "--model " + model + ": a name consists of letters, digits, dots, hyphens and underscores");
            }
            Path file = InputFile.require(Path.of(model.substring(equals + 1)));
            if (files.put(name, ModelFile.read(file)) != null) {
                throw new IllegalArgumentException("--model: there are two models called " + name);
            }
        }
        return files;
    }

    private ServiceListener listener() {
        return new ServiceListener() {
            @Override
            public void deviceLost(String device, Throwable reason) {
                console.warn("device " + device + " failed: " + Failures.oneLine(String.valueOf(reason.getMessage())));
            }

            @Override
            public void deviceReopened(String device, Duration time) {
                console.warn("device " + device + " was opened again");
            }
        };
    }

    private void serve(ExplanationService service, ServerSettings settings) throws IOException {
        Routes routes = new Routes(service, settings, maxBatch, failure -> {
            console.warn("a request failed: " + failure);
            if (console.verbose) {
                failure.printStackTrace(console.spec.commandLine().getErr());
            }
        });
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Thread hook = new Thread(() -> stopWhenAsked(stop, stopped), "codanet-stop");
        try (WebServer server = new WebServer(settings, routes)) {
            Runtime.getRuntime().addShutdownHook(hook);
            service.warmUp(List.of(Target.predicted()));
            announce(service, settings, server);
            stop.await();
            server.drain(seconds("--drain-timeout", drainTimeout));
            service.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            stopped.countDown();
        }
    }

    /** SIGTERM and Ctrl-C start the JVM's shutdown. It ends with 0 if everything was answered, which only {@code halt} can say. */
    private void stopWhenAsked(CountDownLatch stop, CountDownLatch stopped) {
        stop.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        console.say("stopped");
        Runtime.getRuntime().halt(0);
    }

    private void announce(ExplanationService service, ServerSettings settings, WebServer server) {
        String scheme = settings.tls().isPresent() ? "https" : "http";
        String name = server.address().getAddress().isAnyLocalAddress() ? "localhost" : host;
        String url = scheme + "://" + (name.contains(":") ? "[" + name + "]" : name) + ":"
                + server.address().getPort() + "/";
        ServiceHealth.DeviceHealth device = service.health().devices().getFirst();
        long heap = Runtime.getRuntime().maxMemory();
        if (json) {
            JsonObject line = Console.json(SCHEMA);
            line.addProperty("url", url);
            line.addProperty("device", device.name());
            line.addProperty("device_description", device.description());
            line.addProperty("max_heap_bytes", heap);
            JsonArray all = new JsonArray();
            for (ModelInfo model : service.models()) {
                JsonObject one = new JsonObject();
                one.addProperty("name", model.name());
                one.addProperty("classes", model.config().numClasses());
                one.addProperty("height", model.preprocessing().height());
                one.addProperty("width", model.preprocessing().width());
                all.add(one);
            }
            line.add("models", all);
            console.result(line);
            return;
        }
        String why = deviceOption.name.equals("auto")
                ? " (auto: " + DeviceOption.brief(device.reason(), console.verbose) + ")"
                : "";
        console.say("device: " + device.description() + why);
        for (ModelInfo model : service.models()) {
            console.say(String.format(
                    Locale.ROOT,
                    "model %s: %d classes, images of %d x %d pixels",
                    model.name(),
                    model.config().numClasses(),
                    model.preprocessing().height(),
                    model.preprocessing().width()));
        }
        console.say("memory: a Java heap of up to " + ByteSize.text(heap));
        console.result("listening at " + url);
    }
}
