package org.codanet.cli.serve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The answer to a request.
 *
 * @param status of HTTP
 * @param headers besides those that every answer has
 * @param body may be empty
 */
record Reply(int status, Map<String, String> headers, byte[] body) {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();
    private static final String JSON = "application/json";

    static Reply of(String contentType, byte[] body) {
        return new Reply(200, Map.of("Content-Type", contentType), body);
    }

    static Reply json(JsonElement json) {
        return json(200, json);
    }

    static Reply json(int status, JsonElement json) {
        return new Reply(status, Map.of("Content-Type", JSON), GSON.toJson(json).getBytes(StandardCharsets.UTF_8));
    }

    static Reply error(HttpFailure failure) {
        JsonObject json = new JsonObject();
        json.addProperty("error", failure.getMessage());
        Reply reply = json(failure.status(), json);
        for (Map.Entry<String, String> header : failure.headers().entrySet()) {
            reply = reply.with(header.getKey(), header.getValue());
        }
        return reply;
    }

    Reply with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Reply(status, more, body);
    }
}
