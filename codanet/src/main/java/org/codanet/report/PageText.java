package org.codanet.report;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;

/** Texts of explanation pages about model, scores and device, for readers who are new to the terms. */
public final class PageText {
    private PageText() {}

    /** How probabilities follow from logits of networks that were trained with this loss, in one or two sentences. */
    public static String probabilities(LossKind loss) {
        return loss == LossKind.CE
                ? "The probability is the softmax of the logits, so the probabilities of all classes add up to 100 %."
                : "The probability is the sigmoid of the logit. Each class is scored independently, so the probabilities need"
                        + " not add up to 100 %.";
    }

    /** Extents and colour of the images that a network reads, such as {@code 32 x 32 pixels, colour}. */
    public static String extents(Preprocessing images) {
        return images.height() + " x " + images.width() + " pixels, " + (images.channels() == 1 ? "grey" : "colour");
    }

    /**
     * The facts at the head of a page about a trained model: size, scores, images, device, date.
     *
     * @param name of the model
     * @param program that creates the page, with its version
     */
    static List<PageFact> facts(String name, ModelFile model, Device device, String program) {
        List<PageFact> facts = new ArrayList<>();
        facts.add(new PageFact("Model", name, size(model.config())));
        model.scores().forEach((score, value) -> facts.add(score(score, value)));
        model.preprocessing().ifPresent(p -> facts.add(new PageFact("Images", extents(p), "what the network reads")));
        facts.add(device(device));
        facts.add(created(program));
        return facts;
    }

    private static String size(NetworkConfig config) {
        return String.format(Locale.ROOT, "%d layers, %,d weights", config.depth(), config.parameters());
    }

    /** A score that a model file holds. */
    private static PageFact score(String name, double value) {
        return switch (name) {
            case "top1" -> accuracy(value, "of held-out images classified correctly");
            case "top5" ->
                new PageFact(
                        "Top-5 accuracy", percent(value), "of held-out images have the true class among the best five");
            case "loss" -> new PageFact("Loss", String.format(Locale.ROOT, "%.4g", value), "mean over held-out images");
            case "epoch" -> new PageFact("Epoch", String.format(Locale.ROOT, "%.0f", value), "of the training");
            default -> new PageFact(name, String.format(Locale.ROOT, "%.4g", value), "");
        };
    }

    static PageFact accuracy(double share, String meaning) {
        return new PageFact("Accuracy", percent(share), meaning);
    }

    /** The device that computed the explanations. */
    static PageFact device(Device device) {
        String prefix = device.name() + ": ";
        String description = device.description();
        return new PageFact(
                "Device",
                device.name(),
                description.startsWith(prefix) ? description.substring(prefix.length()) : description);
    }

    static PageFact created(String program) {
        return new PageFact("Created", LocalDate.now().toString(), program);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
