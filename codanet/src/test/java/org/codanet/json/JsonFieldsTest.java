package org.codanet.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonFieldsTest {
    @Nested
    class AnObject {
        private final JsonFields fields = parse("""
                {"n": 3, "x": -2.5e-3, "name": "a \\u00e9", "on": true, "sizes": [1, 2], "rates": [0.5], "labels": ["a", "b"],
                 "inner": {"n": 4}, "nothing": null}""");

        @Test
        void givesEachFieldByItsType() {
            assertEquals(3, fields.integer("n"));
            assertEquals(-2.5e-3, fields.number("x"));
            assertEquals("a \u00e9", fields.text("name"));
            assertTrue(fields.truth("on"));
            assertEquals(List.of(1, 2), fields.integers("sizes"));
            assertEquals(List.of(0.5), fields.numbers("rates"));
            assertEquals(List.of("a", "b"), fields.texts("labels"));
            assertEquals(4, fields.object("inner").integer("n"));
        }

        @Test
        void hasNoFieldWhoseValueIsNull() {
            assertTrue(fields.has("n"));
            assertFalse(fields.has("nothing"));
            assertFalse(fields.has("missing"));
        }

        @Test
        void isFinishedOnlyIfEveryFieldWasReadOrIgnored() {
            JsonFields two = parse("{\"a\": 1, \"b\": 2}");
            two.integer("a");
            assertEquals("config: unknown b", refusal(two, JsonFields::finish));
            two.ignore("b");
            two.finish();
        }
    }

    @Nested
    class AFieldIsRefused {
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{}             | config: n is missing",
                    "{\"n\": 1.5}   | config: n is 1.5, not an integer",
                    "{\"n\": \"1\"} | config: n is \"1\", not an integer",
                    "{\"n\": 1e12}  | config: n is 1E+12, not an integer",
                    "{\"n\": null}  | config: n is null, not an integer"
                })
        void ifItIsNotAnInteger(String json, String message) {
            assertEquals(message, refusal(parse(json), fields -> fields.integer("n")));
        }

        @Test
        void ifItIsInAnObjectOfAnotherName() {
            JsonFields inner = parse("{\"a\": {\"n\": true}}").object("a");

            assertEquals("config: a: n is true, not a number", refusal(inner, fields -> fields.number("n")));
        }
    }

    @Nested
    class ATextIsRefused {
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "[1]                    | config: not a JSON object",
                    "{\"a\": 1} 2           | config: not valid JSON at line 1 column 11",
                    "{\"a\": 1, \"a\": 2}   | config: a occurs twice",
                    "{\"a\": 1,}            | config: not valid JSON at line 1 column 10",
                    "{'a': 1}               | config: not valid JSON at line 1 column 3",
                    "{\"a\": NaN}           | config: not valid JSON at line 1 column 7"
                })
        void ifItIsNotOneObjectOfStrictJson(String json, String message) {
            assertEquals(
                    message,
                    assertThrows(IllegalArgumentException.class, () -> parse(json))
                            .getMessage());
        }

        @Test
        void ifItIsNestedTooDeeply() {
            String deep = "{\"a\":".repeat(40) + "1" + "}".repeat(40);

            assertTrue(assertThrows(IllegalArgumentException.class, () -> parse(deep))
                    .getMessage()
                    .startsWith("config: not valid JSON"));
        }
    }

    private static JsonFields parse(String json) {
        return JsonFields.parse("config", json);
    }

    private static String refusal(JsonFields fields, Consumer<JsonFields> use) {
        return assertThrows(IllegalArgumentException.class, () -> use.accept(fields))
                .getMessage();
    }
}
