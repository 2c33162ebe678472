package org.codanet.report;

/**
 * A fact about the model or the run, for the head of a page.
 *
 * @param name such as {@code Accuracy}
 * @param value as the page shows it, such as {@code 87.3 %}
 * @param meaning a short explanation for a reader who does not know the term; may be empty
 */
public record PageFact(String name, String value, String meaning) {}
