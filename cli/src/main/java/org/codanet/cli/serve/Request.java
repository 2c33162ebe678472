package org.codanet.cli.serve;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A request without its body.
 *
 * @param method such as GET
 * @param path segments, decoded
 * @param query parameters, decoded
 * @param header looks up a header by its name
 * @param body reads the body within the limits
 */
record Request(String method, List<String> path, Map<String, String> query, Headers header, Body body) {
    /** Looks up headers. */
    interface Headers {
        /** {@return the first value of that name, in any case, or null} */
        String first(String name);
    }

    /** Reads the body. */
    interface Body {
        /** @throws HttpFailure if it is too large or too slow, or there is no memory for it now */
        byte[] read();
    }

    static Request of(String method, String rawPath, String rawQuery, Headers headers, Body body) {
        List<String> path = Stream.of(rawPath.split("/"))
                .filter(part -> !part.isEmpty())
                .map(Request::decode)
                .toList();
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : rawQuery == null ? new String[0] : rawQuery.split("&")) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                if (query.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
                    throw new HttpFailure(400, "the query names '" + name + "' twice");
                }
            }
        }
        return new Request(method, path, query, headers, body);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, "the address has a % without two hexadecimal digits");
        }
    }

    /** The value of a header. */
    Optional<String> headerValue(String name) {
        return Optional.ofNullable(header.first(name));
    }

    /** Refuses query parameters that the endpoint does not know. */
    void requireQuery(Set<String> known) {
        for (String name : query.keySet()) {
            if (!known.contains(name)) {
                throw new HttpFailure(
                        400, "there is no query parameter '" + name + "' here; there are " + String.join(", ", known));
            }
        }
    }

    /** Refuses other methods. */
    void requireMethod(String... allowed) {
        if (!List.of(allowed).contains(method)) {
            throw new HttpFailure(
                    405, "the method " + method + " is not allowed here", Map.of("Allow", String.join(", ", allowed)));
        }
    }
}
