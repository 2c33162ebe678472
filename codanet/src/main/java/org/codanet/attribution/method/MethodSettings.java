package org.codanet.attribution.method;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** The settings that a user gives to a method by name, with defaults for the others. */
final class MethodSettings {
    private final String method;
    private final Map<String, String> given;
    private final Map<String, String> defaults = new LinkedHashMap<>();

    MethodSettings(String method, Map<String, String> given) {
        this.method = method;
        this.given = given;
    }

    /** {@return an integer} */
    int integer(String name, int fallback, int least) {
        String text = text(name, Integer.toString(fallback));
        try {
            int value = Integer.parseInt(text);
            if (value >= least) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below, with the same sentence.
        }
        throw new IllegalArgumentException(
                method + ": " + name + " is " + text + ", it must be an integer of at least " + least);
    }

    /** {@return a number above 0, at most {@code most}} */
    double number(String name, double fallback, double most) {
        String text = text(name, Double.toString(fallback));
        try {
            double value = Double.parseDouble(text);
            if (value > 0 && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below, with the same sentence.
        }
        throw new IllegalArgumentException(method + ": " + name + " is " + text + ", it must be a number above 0"
                + (Double.isInfinite(most) ? "" : " and at most " + most));
    }

    /** {@return a text} */
    String text(String name, String fallback) {
        defaults.put(name, fallback);
        return given.getOrDefault(name, fallback);
    }

    /** {@return the defaults of all settings that were read, in order} */
    Map<String, String> defaults() {
        return defaults;
    }

    /** Refuses settings that the method does not have. @throws IllegalArgumentException with those that it has */
    void finish() {
        TreeSet<String> unknown = new TreeSet<>(given.keySet());
        unknown.removeAll(defaults.keySet());
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(method + " has no setting " + String.join(" and ", unknown) + "; it has "
                    + (defaults.isEmpty() ? "none" : String.join(", ", defaults.keySet())));
        }
    }
}
