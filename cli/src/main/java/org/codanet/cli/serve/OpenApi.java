package org.codanet.cli.serve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.codanet.service.ModelInfo;

/** The description of the HTTP interface in OpenAPI 3.1. */
public final class OpenApi {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

    private OpenApi() {}

    /** {@return the description as JSON} */
    public static String text() {
        try (InputStream stream = OpenApi.class.getResourceAsStream("openapi.json")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the description of the interface cannot be read", e);
        }
    }

    /** {@return the description with the names and versions of these models, so that tools know which there are} */
    static String text(List<ModelInfo> models) {
        JsonObject description = JsonParser.parseString(text()).getAsJsonObject();
        for (JsonElement path : description.getAsJsonObject("paths").asMap().values()) {
            for (JsonElement operation : path.getAsJsonObject().asMap().values()) {
                JsonArray parameters = operation.getAsJsonObject().getAsJsonArray("parameters");
                for (JsonElement parameter : parameters == null ? new JsonArray() : parameters) {
                    restrict(parameter.getAsJsonObject(), models);
                }
            }
        }
        return GSON.toJson(description);
    }

    private static void restrict(JsonObject parameter, List<ModelInfo> models) {
        String name = parameter.get("name").getAsString();
        if (!name.equals("model") && !name.equals("version")) {
            return;
        }
        JsonArray values = new JsonArray();
        models.stream()
                .map(model -> name.equals("model") ? model.name() : String.valueOf(model.version()))
                .distinct()
                .forEach(values::add);
        JsonObject schema = new JsonObject();
        schema.addProperty("type", "string");
        schema.add("enum", values);
        parameter.add("schema", schema);
    }
}
