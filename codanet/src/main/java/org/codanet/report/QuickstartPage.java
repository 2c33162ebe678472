package org.codanet.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.model.CodaNet;

/** The page of a network that has just been trained: accuracy, training curve and explained test images. */
public final class QuickstartPage {
    private QuickstartPage() {}

    /**
     * Creates the page.
     *
     * @param net that was trained
     * @param test images that {@code accuracy} was measured on
     * @param accuracy share of {@code test} that is classified correctly, in [0, 1]
     * @param curve of the training
     * @param images to show, see {@link Showcase}
     * @param program that creates the page, with its version
     */
    public static ExplanationPage of(
            CodaNet net,
            ImageDataset test,
            double accuracy,
            TrainingCurve curve,
            List<ExplainedImage> images,
            String program) {
        List<PageFact> facts = List.of(
                PageText.accuracy(
                        accuracy,
                        String.format(Locale.ROOT, "of %,d held-out images classified correctly", test.size())),
                new PageFact(
                        "Model",
                        net.config().depth() + " layers",
                        String.format(Locale.ROOT, "%,d weights", net.config().parameters())),
                new PageFact("Data", test.name(), ""),
                PageText.device(net.device()),
                PageText.created(program));
        return new ExplanationPage(
                "What the network looked at",
                "This network was trained for a few minutes to classify images. For each image, the page shows how much every"
                        + " pixel contributes to the scores of some classes. The contributions and a constant bias add up to"
                        + " the score exactly. For images that were classified wrongly, the page also shows which pixels favour the"
                        + " wrong class over the true class.",
                facts,
                PageText.probabilities(net.loss()),
                Optional.of(curve),
                Optional.empty(),
                images);
    }
}
