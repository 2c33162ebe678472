package org.codanet.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.codanet.service.ExplanationService;
import org.codanet.service.ModelInfo;
import org.codanet.service.ServiceHealth;

/** Finds the answer to a request by its path. */
public final class Routes {
    private static final String HEALTH = "health";

    private final ExplanationService service;
    private final int maxBatch;
    private final Consumer<Throwable> failures;
    private final InferEndpoint infer;
    private final ExplainEndpoint explain;
    private final PageFiles page = new PageFiles();

    /**
     * The routes to a service.
     *
     * @param maxBatch reported to clients
     * @param failures gets failures of the server itself, which no answer to a client describes
     */
    public Routes(ExplanationService service, ServerSettings settings, int maxBatch, Consumer<Throwable> failures) {
        this.service = service;
        this.maxBatch = maxBatch;
        this.failures = failures;
        this.infer = new InferEndpoint(service, settings);
        this.explain = new ExplainEndpoint(service, settings);
    }

    void report(Throwable failure) {
        failures.accept(failure);
    }

    /** Whether the request asks for the health, which is answered even while the server stops. */
    boolean isHealth(Request request) {
        List<String> path = request.path();
        return path.size() == 3 && path.get(0).equals("v2") && path.get(1).equals(HEALTH);
    }

    /** Whether the request needs no token: the page itself, whose requests need one, and the health. */
    boolean isPublic(Request request) {
        return isHealth(request) || page.has(request.path());
    }

    /** @throws HttpFailure if there is no such path, or the request is refused */
    Reply answer(Request request, WebServer server) {
        List<String> path = request.path();
        if (page.has(path)) {
            request.requireMethod("GET", "HEAD");
            return page.answer(path);
        }
        return switch (path.getFirst()) {
            case "v2" -> protocol(request, path.subList(1, path.size()), server);
            case "explain" -> {
                requireEnd(path, 1);
                request.requireMethod("POST");
                yield explain.answer(
                        request, model(Optional.ofNullable(request.query().get("model"))));
            }
            case "metrics" -> {
                requireEnd(path, 1);
                request.requireMethod("GET", "HEAD");
                String text = MetricsText.of(service, server.answers());
                yield Reply.of("text/plain; version=0.0.4; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
            }
            case "openapi.json" -> {
                requireEnd(path, 1);
                request.requireMethod("GET", "HEAD");
                yield Reply.of(
                        "application/json", OpenApi.text(service.models()).getBytes(StandardCharsets.UTF_8));
            }
            default -> throw notFound();
        };
    }

    private static HttpFailure notFound() {
        return new HttpFailure(404, "there is nothing at this address; /openapi.json lists what there is");
    }

    private static void requireEnd(List<String> path, int length) {
        if (path.size() != length) {
            throw notFound();
        }
    }

    private Reply protocol(Request request, List<String> path, WebServer server) {
        if (path.isEmpty()) {
            request.requireMethod("GET", "HEAD");
            return Reply.json(Metadata.server());
        }
        return switch (path.getFirst()) {
            case HEALTH -> {
                requireEnd(path, 2);
                request.requireMethod("GET", "HEAD");
                yield health(path.get(1), server);
            }
            case "models" -> models(request, path.subList(1, path.size()));
            case "repository" -> {
                requireEnd(path, 2);
                if (!path.get(1).equals("index")) {
                    throw notFound();
                }
                request.requireMethod("POST", "GET");
                yield Reply.json(index());
            }
            default -> throw notFound();
        };
    }

    private Reply health(String kind, WebServer server) {
        ServiceHealth health = service.health();
        boolean ready = health.isReady() && !server.isDraining();
        boolean live = health.state() != ServiceHealth.State.CLOSED;
        JsonObject json = new JsonObject();
        return switch (kind) {
            case "live" -> {
                json.addProperty("live", live);
                yield Reply.json(live ? 200 : 503, json);
            }
            case "ready" -> {
                json.addProperty("ready", ready);
                if (!ready) {
                    json.addProperty("error", reason(health, server));
                }
                yield Reply.json(ready ? 200 : 503, json);
            }
            default -> throw notFound();
        };
    }

    private static String reason(ServiceHealth health, WebServer server) {
        if (server.isDraining()) {
            return "the server stops";
        }
        return switch (health.state()) {
            case STARTING -> "the models are being warmed up";
            case DEVICE_LOST ->
                health.devices().stream()
                        .flatMap(device -> device.failure().stream())
                        .findFirst()
                        .orElse("no device works");
            case READY, CLOSED -> "the service is closed";
        };
    }

    private JsonArray index() {
        JsonArray models = new JsonArray();
        boolean ready = service.health().isReady();
        for (ModelInfo model : service.models()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", model.name());
            one.addProperty("version", String.valueOf(model.version()));
            one.addProperty("state", ready ? "READY" : "UNAVAILABLE");
            models.add(one);
        }
        return models;
    }

    private Reply models(Request request, List<String> path) {
        if (path.equals(List.of("stats"))) {
            request.requireMethod("GET", "HEAD");
            return Reply.json(Metadata.statistics(service.models(), service::metrics));
        }
        if (path.isEmpty()) {
            throw notFound();
        }
        ModelInfo model = model(Optional.of(path.getFirst()));
        List<String> rest = path.subList(1, path.size());
        if (rest.size() >= 2 && rest.getFirst().equals("versions")) {
            if (!rest.get(1).equals(String.valueOf(model.version()))) {
                throw new HttpFailure(
                        404, "the model " + model.name() + " has version " + model.version() + ", not " + rest.get(1));
            }
            rest = rest.subList(2, rest.size());
        }
        if (rest.equals(List.of("infer"))) {
            request.requireMethod("POST");
            return infer.answer(request, model);
        }
        if (rest.size() > 1
                || !rest.isEmpty() && !List.of("ready", "config", "stats").contains(rest.getFirst())) {
            throw notFound();
        }
        request.requireMethod("GET", "HEAD");
        return switch (rest.isEmpty() ? "" : rest.getFirst()) {
            case "ready" -> {
                boolean ready = service.health().isReady();
                JsonObject json = new JsonObject();
                json.addProperty("name", model.name());
                json.addProperty("ready", ready);
                yield Reply.json(ready ? 200 : 503, json);
            }
            case "config" -> Reply.json(Metadata.configuration(model, maxBatch));
            case "stats" -> Reply.json(Metadata.statistics(List.of(model), service::metrics));
            default -> Reply.json(Metadata.model(model));
        };
    }

    /** @param name empty for the first model */
    private ModelInfo model(Optional<String> name) {
        List<ModelInfo> models = service.models();
        return models.stream()
                .filter(model -> name.isEmpty() || model.name().equals(name.get()))
                .findFirst()
                .orElseThrow(() -> new HttpFailure(
                        404,
                        "there is no model '" + name.get() + "'; there are "
                                + String.join(
                                        ", ",
                                        models.stream().map(ModelInfo::name).toList()),
                        Map.of()));
    }
}
