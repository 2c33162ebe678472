package org.codanet.cli.serve;

import com.google.gson.stream.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ExplanationService;
import org.codanet.service.ModelInfo;

/** {@code POST v2/models/M/infer} with JSON and the binary extension. */
final class InferEndpoint {
    private static final String HEADER_LENGTH = "Inference-Header-Content-Length";
    private static final String INPUT = "image";

    /** Parameters of the protocol and its clients, which change nothing here. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "binary_data_output",
            "priority",
            "timeout",
            "sequence_id",
            "sequence_start",
            "sequence_end",
            "headers",
            "triton_enable_empty_final_response");

    private static final Set<String> PARAMETERS =
            Set.of(Question.TARGET, Question.AGAINST, Question.MAP_SIZE, Question.TIMEOUT);

    private final ExplanationService service;
    private final ServerSettings settings;

    InferEndpoint(ExplanationService service, ServerSettings settings) {
        this.service = service;
        this.settings = settings;
    }

    Reply answer(Request request, ModelInfo model) {
        InferRequest infer = InferRequest.read(request.body().read(), request.headerValue(HEADER_LENGTH));
        List<InferRequest.Output> outputs = infer.outputs().isEmpty()
                ? List.of(
                        new InferRequest.Output("logits", binaryByDefault(infer)),
                        new InferRequest.Output("probabilities", binaryByDefault(infer)))
                : infer.outputs();
        for (InferRequest.Output output : outputs) {
            OutputTensor.require(output.name());
        }
        if (infer.inputs().size() != 1 || !infer.inputs().getFirst().name().equals(INPUT)) {
            throw new HttpFailure(400, "the model " + model.name() + " has one input, which is called " + INPUT);
        }
        boolean channels =
                outputs.stream().anyMatch(output -> output.name().equals(OutputTensor.CHANNEL_CONTRIBUTIONS));
        ExplainOptions options =
                new Question(model, texts(infer.parameters()), settings.callTimeout()).options(channels);
        List<ExplanationResult> results = Question.ask(
                service, new InputImages(settings.maxPixels()).of(infer.inputs().getFirst()), options);
        List<OutputTensor> tensors = outputs.stream()
                .map(output -> OutputTensor.of(output.name(), results))
                .toList();
        try {
            return write(infer, model, results.getFirst(), outputs, tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean binaryByDefault(InferRequest infer) {
        return Boolean.TRUE.equals(infer.parameters().get("binary_data_output"));
    }

    private static Map<String, String> texts(Map<String, Object> parameters) {
        Map<String, String> texts = new LinkedHashMap<>();
        parameters.forEach((name, value) -> {
            if (PARAMETERS.contains(name)) {
                texts.put(name, value instanceof Double number ? plain(number) : String.valueOf(value));
            } else if (!WITHOUT_EFFECT.contains(name)) {
                throw new HttpFailure(
                        400,
                        "there is no parameter '" + name + "'; there are "
                                + PARAMETERS.stream().sorted().collect(Collectors.joining(", ")));
            }
        });
        return texts;
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? String.valueOf((long) number)
                : String.format(Locale.ROOT, "%s", number);
    }

    private static Reply write(
            InferRequest infer,
            ModelInfo model,
            ExplanationResult first,
            List<InferRequest.Output> outputs,
            List<OutputTensor> tensors)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        List<byte[]> binary = new ArrayList<>();
        try (JsonWriter json = new JsonWriter(new OutputStreamWriter(body, StandardCharsets.UTF_8))) {
            json.beginObject();
            json.name("model_name").value(model.name());
            json.name("model_version").value(String.valueOf(first.model().version()));
            if (infer.id() != null) {
                json.name("id").value(infer.id());
            }
            json.name("parameters").beginObject();
            json.name("device").value(first.device());
            json.endObject();
            json.name("outputs").beginArray();
            for (int i = 0; i < tensors.size(); i++) {
                write(json, tensors.get(i), outputs.get(i).binary(), binary);
            }
            json.endArray();
            json.endObject();
        }
        if (outputs.stream().noneMatch(InferRequest.Output::binary)) {
            return Reply.of("application/json", body.toByteArray());
        }
        int length = body.size();
        for (byte[] part : binary) {
            body.write(part);
        }
        return Reply.of("application/octet-stream", body.toByteArray()).with(HEADER_LENGTH, String.valueOf(length));
    }

    private static void write(JsonWriter json, OutputTensor tensor, boolean binary, List<byte[]> parts)
            throws IOException {
        json.beginObject();
        json.name("name").value(tensor.name());
        json.name("datatype").value(tensor.datatype());
        json.name("shape").beginArray();
        for (int extent : tensor.shape()) {
            json.value(extent);
        }
        json.endArray();
        if (binary) {
            byte[] bytes = tensor.binary();
            parts.add(bytes);
            json.name("parameters").beginObject();
            json.name("binary_data_size").value(bytes.length);
            json.endObject();
        } else {
            if (tensor.files() != null) {
                json.name("parameters").beginObject();
                json.name("content_type").value("base64");
                json.endObject();
            }
            json.name("data").beginArray();
            tensor.writeData(json);
            json.endArray();
        }
        json.endObject();
    }
}
