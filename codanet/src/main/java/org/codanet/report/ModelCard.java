package org.codanet.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.LayerConfig;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Preprocessing;
import org.codanet.recipe.TrainingRecipe;

/**
 * A description of a network in Markdown, to be published with its file.
 *
 * @param name of the model file or experiment
 * @param config the network, with the names of its classes
 * @param images that the network reads, if the file records them
 * @param recipe that the network was trained with, if the file records it
 * @param scores on held-out images, by name; empty if the file records none
 */
public record ModelCard(
        String name,
        NetworkConfig config,
        Optional<Preprocessing> images,
        Optional<TrainingRecipe> recipe,
        Map<String, Double> scores) {

    /** The card. Its tables and code blocks are those of GitHub's Markdown. */
    public String markdown() {
        StringBuilder card = new StringBuilder();
        card.append("# ")
                .append(escape(name))
                .append("\n\n")
                .append(
                        config instanceof CodaNetConfig
                                ? "A CoDA-Net: an image classifier whose logits are sums of contributions of the pixels plus a"
                                        + " constant. The\ncontributions explain each logit exactly.\n\n"
                                : "A ResNet: an image classifier of convolutions and ReLUs. Post-hoc methods explain its logits.\n\n");
        network(card);
        input(card);
        scores(card);
        classes(card);
        training(card);
        layers(card);
        card.append("## Not recorded\n\n")
                .append("The model file does not record the training data, their licence, or the intended use.\n");
        return card.toString();
    }

    private void network(StringBuilder card) {
        card.append("## Network\n\n| | |\n|---|---|\n");
        row(card, "Layers", Integer.toString(config.depth()));
        row(card, "Weights", String.format(Locale.ROOT, "%,d", config.parameters()));
        if (config instanceof CodaNetConfig coda) {
            row(card, "Norm", coda.norm() + (coda.bias() ? "" : ", no bias"));
        }
        row(card, "Classes", Integer.toString(config.numClasses()));
        if (config instanceof CodaNetConfig coda) {
            row(card, "Temperature", Double.toString(coda.temperature()));
            row(card, "Logit bias", String.format(Locale.ROOT, "%.4f", coda.logitBias()));
        }
        card.append('\n');
    }

    private void input(StringBuilder card) {
        card.append("## Input\n\n");
        card.append(images.map(image -> PageText.extents(image) + ", values from 0 to 1."
                                + (image.resize() > 0
                                        ? " The shorter side is resized to " + image.resize()
                                                + " pixels and the centre is cut out."
                                        : " Other pictures are resized and cropped to these extents."))
                        .orElse("The extents of the training images are not recorded."))
                .append(
                        config.addInverse()
                                ? " The network also reads the inverse 1 - v of each value v.\n\n"
                                : "\n\n");
    }

    private void scores(StringBuilder card) {
        card.append("## Scores\n\n");
        if (scores.isEmpty()) {
            card.append("None are recorded.\n\n");
            return;
        }
        card.append("On held-out images, recorded when the model was trained.\n\n| score | value |\n|---|---|\n");
        scores.forEach((score, value) -> row(card, score, String.format(Locale.ROOT, "%.4f", value)));
        card.append('\n');
    }

    private void classes(StringBuilder card) {
        card.append("## Classes\n\n");
        List<String> labels = config.labels();
        if (labels.isEmpty()) {
            card.append("The classes 0 to ").append(config.numClasses() - 1).append(" have no names.\n\n");
            return;
        }
        card.append("| index | name |\n|---|---|\n");
        for (int k = 0; k < labels.size(); k++) {
            row(card, Integer.toString(k), labels.get(k));
        }
        card.append('\n');
    }

    private void training(StringBuilder card) {
        card.append("## Training\n\n");
        card.append(recipe.map(r -> "```json\n" + r.toJson().strip() + "\n```\n\n")
                .orElse("The recipe is not recorded.\n\n"));
    }

    private void layers(StringBuilder card) {
        if (!(config instanceof CodaNetConfig coda)) {
            card.append("## Layers\n\n```json\n")
                    .append(config.withLabels(List.of()).toJson())
                    .append("\n```\n\n");
            return;
        }
        card.append("## Layers\n\n| layer | in | out | rank | kernel | stride | padding | weights |\n")
                .append("|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (int i = 0; i < coda.depth(); i++) {
            LayerConfig layer = coda.layers().get(i);
            card.append(String.format(
                    Locale.ROOT,
                    "| %d | %d | %d | %d | %d | %d | %d | %,d |\n",
                    i,
                    layer.inChannels(),
                    layer.outChannels(),
                    layer.rank(),
                    layer.kernel(),
                    layer.stride(),
                    layer.padding(),
                    layer.parameters()));
        }
        card.append('\n');
    }

    private static void row(StringBuilder card, String name, String value) {
        card.append("| ")
                .append(escape(name))
                .append(" | ")
                .append(escape(value))
                .append(" |\n");
    }

    /** Names are free text. Characters that have a meaning in Markdown or HTML are escaped, and line breaks removed. */
    private static String escape(String text) {
        return text.replaceAll("[\\\\`*_{}\\[\\]<>#|&]", "\\\\$0").replaceAll("\\s+", " ");
    }
}
