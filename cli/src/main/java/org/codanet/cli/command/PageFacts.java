package org.codanet.cli.command;

import java.util.Locale;
import org.codanet.nn.device.Device;
import org.codanet.report.PageFact;

/** Lines at the head of pages, in words for readers who are new to them. */
final class PageFacts {
    private PageFacts() {}

    /** A score that a model's file keeps. */
    static PageFact score(String name, double value) {
        return switch (name) {
            case "top1" -> new PageFact("Accuracy", percent(value), "of held-out images named correctly");
            case "top5" ->
                new PageFact("Top 5", percent(value), "of held-out images had the right class among the first five");
            case "loss" -> new PageFact("Loss", String.format(Locale.ROOT, "%.4g", value), "mean over held-out images");
            case "epoch" -> new PageFact("Epoch", String.format(Locale.ROOT, "%.0f", value), "of the training");
            default -> new PageFact(name, String.format(Locale.ROOT, "%.4g", value), "");
        };
    }

    /** Where it was computed. */
    static PageFact device(Device device) {
        String prefix = device.name() + ": ";
        String words = device.description();
        return new PageFact(
                "Device", device.name(), words.startsWith(prefix) ? words.substring(prefix.length()) : words);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
