package org.codanet.report;

/**
 * One line about the model or the run, at the head of a page.
 *
 * @param name what it is, such as {@code Accuracy}
 * @param value as shown, such as {@code 87.3 %}
 * @param meaning one plain sentence for a reader who is new to it; may be empty
 */
public record PageFact(String name, String value, String meaning) {}
