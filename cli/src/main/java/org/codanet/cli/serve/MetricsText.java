package org.codanet.cli.serve;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.codanet.service.ExplanationService;
import org.codanet.service.LatencyHistogram;
import org.codanet.service.ModelInfo;
import org.codanet.service.ModelMetrics;
import org.codanet.service.Outcome;
import org.codanet.service.ServiceHealth;

/**
 * Metrics in the text format of Prometheus. A name that begins with {@code nv_inference} has the meaning that it has in Triton; times with
 * such a name are sums in microseconds. Own names begin with {@code codanet}.
 */
final class MetricsText {
    private static final double[] SECONDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    };
    private static final Map<String, Set<Outcome>> FAILURES = Map.of(
            "REJECTED", Set.of(Outcome.QUEUE_FULL, Outcome.DEADLINE, Outcome.CLOSED),
            "CANCELED", Set.of(Outcome.CANCELLED),
            "BACKEND", Set.of(Outcome.FAILED, Outcome.DEVICE_LOST),
            "OTHER", Set.of(Outcome.INVALID));

    private final StringBuilder text = new StringBuilder();

    /** The metrics of a service and of the HTTP answers. */
    static String of(ExplanationService service, Map<Integer, LongAdder> answers) {
        MetricsText metrics = new MetricsText();
        metrics.write(service, answers);
        return metrics.text.toString();
    }

    private void write(ExplanationService service, Map<Integer, LongAdder> answers) {
        Map<String, ModelMetrics> models = new TreeMap<>();
        service.models().stream().map(ModelInfo::name).forEach(name -> models.put(name, service.metrics(name)));
        ServiceHealth health = service.health();

        family("nv_inference_request_success", "counter", "Explanations that were computed");
        models.forEach(
                (name, model) -> line("nv_inference_request_success", labels(name, ""), model.calls(Outcome.SUCCESS)));
        family("nv_inference_request_failure", "counter", "Calls without a result, by the reasons of Triton");
        models.forEach((name, model) -> new TreeMap<>(FAILURES)
                .forEach((reason, outcomes) -> line(
                        "nv_inference_request_failure",
                        labels(name, ",reason=\"" + reason + "\""),
                        outcomes.stream().mapToLong(model::calls).sum())));
        family("nv_inference_count", "counter", "Images that were explained");
        models.forEach((name, model) -> line("nv_inference_count", labels(name, ""), model.calls(Outcome.SUCCESS)));
        family("nv_inference_exec_count", "counter", "Batches that were computed");
        models.forEach((name, model) -> line(
                "nv_inference_exec_count", labels(name, ""), model.batchSizes().count()));
        sum(models, "nv_inference_request_duration_us", "Time from call to result", ModelMetrics::total);
        sum(models, "nv_inference_queue_duration_us", "Time in the queue", ModelMetrics::queue);
        sum(
                models,
                "nv_inference_compute_input_duration_us",
                "Time to decode and prepare pictures",
                ModelMetrics::decode);
        sum(models, "nv_inference_compute_infer_duration_us", "Time of the device", ModelMetrics::compute);
        family("nv_inference_pending_request_count", "gauge", "Calls that wait for a device");
        health.models()
                .forEach(model -> line(
                        "nv_inference_pending_request_count",
                        labels(model.model().name(), ""),
                        model.waiting()));

        family("codanet_calls_total", "counter", "Calls by outcome");
        models.forEach((name, model) -> {
            for (Outcome outcome : Outcome.values()) {
                line("codanet_calls_total", labels(name, ",outcome=\"" + outcome + "\""), model.calls(outcome));
            }
        });
        family("codanet_call_seconds", "histogram", "Duration of successful calls by stage");
        models.forEach((name, model) -> {
            histogram(name, "decode", model.decode());
            histogram(name, "queue", model.queue());
            histogram(name, "compute", model.compute());
            histogram(name, "total", model.total());
        });
        family("codanet_computing_calls", "gauge", "Calls that a device has taken");
        health.models()
                .forEach(model ->
                        line("codanet_computing_calls", labels(model.model().name(), ""), model.computing()));
        family("codanet_ready", "gauge", "1 if the server is ready");
        line("codanet_ready", "", health.isReady() ? 1 : 0);
        family("codanet_http_answers_total", "counter", "HTTP answers by status");
        new TreeMap<>(answers)
                .forEach((status, count) ->
                        line("codanet_http_answers_total", "{status=\"" + status + "\"}", count.sum()));
        family("codanet_heap_used_bytes", "gauge", "Used bytes of the Java heap");
        Runtime runtime = Runtime.getRuntime();
        line("codanet_heap_used_bytes", "", runtime.totalMemory() - runtime.freeMemory());
    }

    private interface Part {
        LatencyHistogram of(ModelMetrics model);
    }

    private void sum(Map<String, ModelMetrics> models, String name, String help, Part part) {
        family(name, "counter", help + ", summed, in microseconds");
        models.forEach((model, metrics) ->
                line(name, labels(model, ""), part.of(metrics).sum() / 1000));
    }

    private void histogram(String model, String stage, LatencyHistogram histogram) {
        String more = ",stage=\"" + stage + "\"";
        for (double limit : SECONDS) {
            line(
                    "codanet_call_seconds_bucket",
                    labels(model, more + ",le=\"" + limit + "\""),
                    histogram.countAtMost(Math.round(limit * 1e9)));
        }
        long count = histogram.count();
        line("codanet_call_seconds_bucket", labels(model, more + ",le=\"+Inf\""), count);
        text.append("codanet_call_seconds_sum")
                .append(labels(model, more))
                .append(' ')
                .append(histogram.sum() / 1e9)
                .append('\n');
        line("codanet_call_seconds_count", labels(model, more), count);
    }

    private void family(String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static String labels(String model, String more) {
        String escaped = model.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return "{model=\"" + escaped + "\"" + more + "}";
    }

    private void line(String name, String labels, long value) {
        text.append(name).append(labels).append(' ').append(value).append('\n');
    }
}
