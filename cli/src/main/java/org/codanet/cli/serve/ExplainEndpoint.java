package org.codanet.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.codanet.explain.ClassScore;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ExplanationService;
import org.codanet.service.IdentityCertificate;
import org.codanet.service.ModelInfo;
import org.codanet.service.ServiceImage;

/** {@code POST /explain}: a picture as the body, and as the answer JSON, or a PNG with the overlay of the first map. */
final class ExplainEndpoint {
    /** Name and version of the JSON of the answer. */
    static final String SCHEMA = "codanet.serve.explain/1";

    private static final String PICTURE = "picture";
    private static final Set<String> QUERY =
            Set.of("model", Question.TARGET, Question.AGAINST, Question.MAP_SIZE, Question.TIMEOUT, PICTURE);

    private final ExplanationService service;
    private final ServerSettings settings;

    ExplainEndpoint(ExplanationService service, ServerSettings settings) {
        this.service = service;
        this.settings = settings;
    }

    Reply answer(Request request, ModelInfo model) {
        request.requireQuery(QUERY);
        String type = request.headerValue("Content-Type")
                .map(value -> value.split(";")[0].strip().toLowerCase(Locale.ROOT))
                .orElse("application/octet-stream");
        // curl --data-binary sends the type of forms unless the command names another type.
        if (!type.startsWith("image/")
                && !type.equals("application/octet-stream")
                && !type.equals("application/x-www-form-urlencoded")) {
            throw new HttpFailure(
                    415, "the body is " + type + "; send a JPEG, PNG, GIF or BMP file as image/jpeg and so on");
        }
        boolean png = wantsPng(request.headerValue("Accept").orElse("*/*"));
        boolean picture = request.query().containsKey(PICTURE);
        Question question = new Question(model, request.query(), settings.callTimeout());
        ServiceImage image =
                new InputImages(settings.maxPixels()).file(request.body().read());
        ExplanationResult result =
                Question.ask(service, List.of(image), question.options(false)).getFirst();
        return png ? Reply.of("image/png", Overlays.png(result, 0)) : Reply.json(json(result, picture));
    }

    private static boolean wantsPng(String accept) {
        for (String range : accept.split(",")) {
            String type = range.split(";")[0].strip().toLowerCase(Locale.ROOT);
            if (type.equals("image/png") || type.equals("image/*")) {
                return true;
            }
            if (type.equals("application/json") || type.equals("application/*") || type.equals("*/*")) {
                return false;
            }
        }
        throw new HttpFailure(406, "the answer is application/json or image/png; Accept allows neither");
    }

    private static JsonObject json(ExplanationResult result, boolean picture) {
        JsonObject json = new JsonObject();
        json.addProperty("schema", SCHEMA);
        json.addProperty("model", result.model().name());
        json.addProperty("model_version", String.valueOf(result.model().version()));
        json.addProperty("device", result.device());
        JsonArray classes = new JsonArray();
        for (ClassScore score : result.ranking()) {
            JsonObject one = new JsonObject();
            one.addProperty("class", score.index());
            one.addProperty("label", score.label());
            one.addProperty("logit", score.logit());
            one.addProperty("probability", score.probability());
            classes.add(one);
        }
        json.add("classes", classes);
        JsonArray explanations = new JsonArray();
        for (int t = 0; t < result.targets(); t++) {
            explanations.add(explanation(result, t));
        }
        json.add("explanations", explanations);
        if (picture) {
            json.addProperty("input_png", Picture.dataUri(result.input()));
        }
        JsonObject timings = new JsonObject();
        timings.addProperty("decode", millis(result.timings().decode()));
        timings.addProperty("queue", millis(result.timings().queue()));
        timings.addProperty("compute", millis(result.timings().compute()));
        timings.addProperty("total", millis(result.timings().total()));
        json.add("timings_ms", timings);
        return json;
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1000 / 1000.0;
    }

    private static JsonObject explanation(ExplanationResult result, int t) {
        IdentityCertificate certificate = result.certificate(t);
        SignedMap map = result.map(t);
        JsonObject json = new JsonObject();
        json.addProperty("class", result.classes().get(t));
        json.addProperty("label", result.label(t));
        result.against().ifPresent(other -> json.addProperty("against", other));
        json.addProperty("value", certificate.value());
        json.addProperty("sum", certificate.sum());
        json.addProperty("bias", certificate.bias());
        json.addProperty("error", certificate.error());
        json.addProperty("tolerance", certificate.tolerance());
        json.addProperty("height", map.height());
        json.addProperty("width", map.width());
        JsonArray values = new JsonArray(map.height() * map.width());
        for (int y = 0; y < map.height(); y++) {
            for (int x = 0; x < map.width(); x++) {
                values.add(map.at(y, x));
            }
        }
        json.add("contributions", values);
        return json;
    }
}
