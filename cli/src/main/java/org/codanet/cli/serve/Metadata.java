package org.codanet.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.codanet.cli.console.Version;
import org.codanet.service.LatencyHistogram;
import org.codanet.service.ModelInfo;
import org.codanet.service.ModelMetrics;
import org.codanet.service.Outcome;

/** What the server says about itself and its models, as the Open Inference Protocol and its clients ask for it. */
final class Metadata {
    private Metadata() {}

    static JsonObject server() {
        JsonObject json = new JsonObject();
        json.addProperty("name", "codanet");
        json.addProperty("version", Version.number());
        JsonArray extensions = new JsonArray();
        Stream.of("binary_tensor_data", "model_configuration", "statistics").forEach(extensions::add);
        json.add("extensions", extensions);
        return json;
    }

    static JsonObject model(ModelInfo model) {
        JsonObject json = new JsonObject();
        json.addProperty("name", model.name());
        JsonArray versions = new JsonArray();
        versions.add(String.valueOf(model.version()));
        json.add("versions", versions);
        json.addProperty("platform", "codanet");
        JsonArray inputs = new JsonArray();
        inputs.add(tensor("image", "FP32", inputShape(model)));
        json.add("inputs", inputs);
        JsonArray outputs = new JsonArray();
        OutputTensor.shapes(model)
                .forEach((name, shape) -> outputs.add(tensor(name, OutputTensor.OUTPUTS.get(name), shape)));
        json.add("outputs", outputs);
        JsonObject parameters = new JsonObject();
        JsonArray labels = new JsonArray();
        for (int k = 0; k < model.config().numClasses(); k++) {
            labels.add(model.config().label(k));
        }
        parameters.add("labels", labels);
        parameters.addProperty("height", model.preprocessing().height());
        parameters.addProperty("width", model.preprocessing().width());
        json.add("parameters", parameters);
        return json;
    }

    private static List<Integer> inputShape(ModelInfo model) {
        return List.of(
                -1,
                model.preprocessing().channels(),
                model.preprocessing().height(),
                model.preprocessing().width());
    }

    private static JsonObject tensor(String name, String datatype, List<Integer> shape) {
        JsonObject json = new JsonObject();
        json.addProperty("name", name);
        json.addProperty("datatype", datatype);
        json.add("shape", numbers(shape));
        return json;
    }

    private static JsonArray numbers(List<Integer> numbers) {
        JsonArray array = new JsonArray();
        numbers.forEach(array::add);
        return array;
    }

    /** What clients read that ask for a model's configuration, such as perf_analyzer. */
    static JsonObject configuration(ModelInfo model, int maxBatch) {
        JsonObject json = new JsonObject();
        json.addProperty("name", model.name());
        json.addProperty("platform", "codanet");
        json.addProperty("max_batch_size", maxBatch);
        JsonArray inputs = new JsonArray();
        JsonObject input = new JsonObject();
        input.addProperty("name", "image");
        input.addProperty("data_type", "TYPE_FP32");
        input.add("dims", numbers(inputShape(model).subList(1, 4)));
        inputs.add(input);
        json.add("input", inputs);
        JsonArray outputs = new JsonArray();
        OutputTensor.shapes(model).forEach((name, shape) -> {
            JsonObject output = new JsonObject();
            output.addProperty("name", name);
            String type = OutputTensor.OUTPUTS.get(name);
            output.addProperty("data_type", "TYPE_" + (type.equals("BYTES") ? "STRING" : type));
            output.add("dims", numbers(shape.subList(1, shape.size())));
            outputs.add(output);
        });
        json.add("output", outputs);
        return json;
    }

    static JsonObject statistics(List<ModelInfo> models, Function<String, ModelMetrics> metrics) {
        JsonArray all = new JsonArray();
        for (ModelInfo model : models) {
            ModelMetrics counted = metrics.apply(model.name());
            JsonObject one = new JsonObject();
            one.addProperty("name", model.name());
            one.addProperty("version", String.valueOf(model.version()));
            one.addProperty("inference_count", counted.calls(Outcome.SUCCESS));
            one.addProperty("execution_count", counted.batchSizes().count());
            JsonObject statistics = new JsonObject();
            statistics.add("success", duration(counted.total()));
            JsonObject fail = new JsonObject();
            fail.addProperty("count", counted.calls() - counted.calls(Outcome.SUCCESS));
            fail.addProperty("ns", 0);
            statistics.add("fail", fail);
            statistics.add("queue", duration(counted.queue()));
            statistics.add("compute_input", duration(counted.decode()));
            statistics.add("compute_infer", duration(counted.compute()));
            one.add("inference_stats", statistics);
            all.add(one);
        }
        JsonObject json = new JsonObject();
        json.add("model_stats", all);
        return json;
    }

    private static JsonObject duration(LatencyHistogram histogram) {
        JsonObject json = new JsonObject();
        json.addProperty("count", histogram.count());
        json.addProperty("ns", histogram.sum());
        return json;
    }
}
