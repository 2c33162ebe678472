package org.codanet.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The fields of one JSON object, read by name and type. {@link #finish} refuses fields that were not read, so that a misspelt name is
 * an error. Every error is an {@link IllegalArgumentException} whose message is one sentence.
 */
public final class JsonFields {
    private static final int DEPTH_LIMIT = 32;
    private static final Pattern PLACE = Pattern.compile(" at line \\d+ column \\d+");

    private final String what;
    private final JsonObject object;
    private final Set<String> unread;

    private JsonFields(String what, JsonObject object) {
        this.what = what;
        this.object = object;
        this.unread = new LinkedHashSet<>(object.keySet());
    }

    /**
     * {@return the fields of the JSON object in a JSON document}
     *
     * @param what name of the object in error messages, such as {@code network config}
     * @param text the JSON document
     */
    public static JsonFields parse(String what, String text) {
        try {
            JsonReader reader = new JsonReader(new StringReader(text));
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(DEPTH_LIMIT);
            JsonElement element = read(what, reader);
            // A strict reader refuses text after the first value here.
            reader.peek();
            if (!(element instanceof JsonObject object)) {
                throw new IllegalArgumentException(what + ": not a JSON object");
            }
            return new JsonFields(what, object);
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new IllegalArgumentException(what + ": not valid JSON" + place(e), e);
        }
    }

    /**
     * {@return the position that the message of Gson's reader states, such as {@code at line 1 column 5}; empty if it states none}
     * The rest of that message is advice for programmers.
     */
    public static String place(Exception failure) {
        Matcher matcher = PLACE.matcher(String.valueOf(failure.getMessage()));
        return matcher.find() ? matcher.group() : "";
    }

    /** Builds the tree itself, because Gson silently keeps the last of several fields with the same name. */
    private static JsonElement read(String what, JsonReader reader) throws IOException {
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                JsonObject object = new JsonObject();
                reader.beginObject();
                while (reader.hasNext()) {
                    String name = reader.nextName();
                    if (object.has(name)) {
                        throw new IllegalArgumentException(what + ": " + name + " occurs twice");
                    }
                    object.add(name, read(what, reader));
                }
                reader.endObject();
                yield object;
            }
            case BEGIN_ARRAY -> {
                JsonArray array = new JsonArray();
                reader.beginArray();
                while (reader.hasNext()) {
                    array.add(read(what, reader));
                }
                reader.endArray();
                yield array;
            }
            case STRING -> new JsonPrimitive(reader.nextString());
            case NUMBER -> new JsonPrimitive(new BigDecimal(reader.nextString()));
            case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                yield JsonNull.INSTANCE;
            }
            default -> throw new IllegalArgumentException(what + ": not valid JSON");
        };
    }

    /** {@return whether the field exists and is not null} A null field then counts as read. */
    public boolean has(String name) {
        JsonElement value = object.get(name);
        if (value instanceof JsonNull) {
            unread.remove(name);
        }
        return value != null && !(value instanceof JsonNull);
    }

    /** {@return the value of a field that holds an integer in the range of int} */
    public int integer(String name) {
        return integer(name, value(name));
    }

    /** {@return the value of a field that holds a finite number} */
    public double number(String name) {
        return number(name, value(name));
    }

    /** {@return the value of a field that holds a string} */
    public String text(String name) {
        return text(name, value(name));
    }

    /** {@return the value of a field that holds true or false} */
    public boolean truth(String name) {
        if (value(name) instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw kind(name, "true or false");
    }

    /** {@return the values of a field that holds a list of integers} */
    public List<Integer> integers(String name) {
        return list(name, "a list of integers", element -> integer(name, element));
    }

    /** {@return the values of a field that holds a list of numbers} */
    public List<Double> numbers(String name) {
        return list(name, "a list of numbers", element -> number(name, element));
    }

    /** {@return the values of a field that holds a list of strings} */
    public List<String> texts(String name) {
        return list(name, "a list of strings", element -> text(name, element));
    }

    /** {@return the values of a field that holds a list of lists of integers} */
    public List<List<Integer>> integerLists(String name) {
        return list(name, "a list of lists of integers", element -> {
            if (!(element instanceof JsonArray array)) {
                throw kind(name, "a list of lists of integers");
            }
            List<Integer> numbers = new ArrayList<>();
            array.forEach(item -> numbers.add(integer(name, item)));
            return List.copyOf(numbers);
        });
    }

    /** {@return the fields of each object in a field that holds a list of objects} */
    public List<JsonFields> objects(String name) {
        return list(name, "a list of objects", element -> {
            if (!(element instanceof JsonObject inner)) {
                throw kind(name, "a list of objects");
            }
            return new JsonFields(what + ": " + name, inner);
        });
    }

    /** {@return whether a field that exists holds a number} */
    public boolean isNumber(String name) {
        return value(name) instanceof JsonPrimitive primitive && primitive.isNumber();
    }

    /** {@return the fields of an object in this object} */
    public JsonFields object(String name) {
        if (value(name) instanceof JsonObject inner) {
            return new JsonFields(what + ": " + name, inner);
        }
        throw kind(name, "an object");
    }

    /** {@return the names of all fields} */
    public List<String> names() {
        return List.copyOf(object.keySet());
    }

    /** Counts a field as read, whatever its value is. The field need not exist. */
    public void ignore(String name) {
        unread.remove(name);
    }

    /** Throws if there are fields that were not read. */
    public void finish() {
        if (!unread.isEmpty()) {
            throw new IllegalArgumentException(what + ": unknown " + String.join(", ", unread));
        }
    }

    private JsonElement value(String name) {
        unread.remove(name);
        JsonElement value = object.get(name);
        if (value == null) {
            throw new IllegalArgumentException(what + ": " + name + " is missing");
        }
        return value;
    }

    private int integer(String name, JsonElement element) {
        if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
            try {
                return primitive.getAsBigDecimal().intValueExact();
            } catch (ArithmeticException e) {
                throw kind(name, "an integer");
            }
        }
        throw kind(name, "an integer");
    }

    private double number(String name, JsonElement element) {
        if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
            return primitive.getAsDouble();
        }
        throw kind(name, "a number");
    }

    private String text(String name, JsonElement element) {
        if (element instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw kind(name, "a string");
    }

    private <T> List<T> list(String name, String kind, Function<JsonElement, T> element) {
        if (!(value(name) instanceof JsonArray array)) {
            throw kind(name, kind);
        }
        List<T> result = new ArrayList<>();
        array.forEach(item -> result.add(element.apply(item)));
        return List.copyOf(result);
    }

    private IllegalArgumentException kind(String name, String wanted) {
        return new IllegalArgumentException(what + ": " + name + " is " + object.get(name) + ", not " + wanted);
    }
}
