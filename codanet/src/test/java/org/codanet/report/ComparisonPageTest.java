package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.codanet.attribution.method.AttributionMethods;
import org.codanet.comparison.ComparisonSettings;
import org.codanet.comparison.Metric;
import org.codanet.metrics.Protocol;
import org.codanet.model.Experiments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The report of a comparison. {@link BrowserPageTest} looks at it in a browser. */
final class ComparisonPageTest {
    private final String html = SampleComparison.page().html();

    @Test
    void isOneFileWithoutScripts() throws Exception {
        Document page = parse(html);
        NodeList all = page.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            Element element = (Element) all.item(i);
            for (String name : List.of("src", "href")) {
                String value = element.getAttribute(name);
                assertTrue(value.isEmpty() || value.startsWith("data:image/png;base64,"), value);
            }
        }
        assertEquals(0, page.getElementsByTagName("script").getLength());
        assertFalse(html.contains("url("), "the style sheet loads something");
    }

    @Test
    void showsEveryMethodOfEveryModelInTablesPlotsAndGalleries() throws Exception {
        Document page = parse(html);
        // Localisation by method and by model, and a removal plot for each model; each in two widths.
        assertEquals(8, page.getElementsByTagName("svg").getLength());
        assertEquals(
                2 * 2 * 4, page.getElementsByTagName("img").getLength(), "two images of each model with three maps");
        NodeList tables = page.getElementsByTagName("table");
        assertEquals(4, tables.getLength(), "two metrics and two galleries");
        assertEquals(
                1 + 6, ((Element) tables.item(0)).getElementsByTagName("tr").getLength());
    }

    @Test
    void publishedValuesAreBesideOurs() {
        assertTrue(html.contains("<th class=\"num\">published mean</th>"));
        assertTrue(html.contains("<td class=\"num\">0.912</td><td class=\"num\">.880 .938 .969</td>"));
        assertEquals(
                1,
                html.split("published values are those of the authors", -1).length - 1,
                "the note, under the only table with published values");
    }

    @Test
    void saysHowToRepeatTheRun() {
        assertTrue(html.contains("codanet evaluate-explanations --model &#39;a &amp; b.safetensors&#39;"));
        assertTrue(html.contains("ab".repeat(32)));
    }

    @Test
    void writesPlotsAndStripsBesideThePage(@TempDir Path folder) throws Exception {
        Optional<String> refused = SampleComparison.page().write(folder);

        assertEquals(Optional.empty(), refused, "this system should have fonts");
        TreeSet<String> plots = names(folder.resolve("plots"));
        assertTrue(
                plots.containsAll(List.of(
                        "localisation-by-method.svg", "localisation-by-model.png", "removal-XS-CoDA-SQ-30.png")),
                plots.toString());
        assertEquals(8, plots.size(), plots.toString());
        Element svg = parse(Files.readString(folder.resolve("plots/removal-XS-CoDA-SQ-30.svg")))
                .getDocumentElement();
        assertTrue(svg.getAttribute("aria-label").contains("occlusion:size=9:stride=4: from "));
        BufferedImage plot =
                ImageIO.read(folder.resolve("plots/localisation-by-method.png").toFile());
        assertEquals(2 * (720 + 2 * 12), plot.getWidth());
        TreeSet<String> strips = names(folder.resolve("gallery"));
        assertTrue(strips.contains("XS-CoDA-SQ-30-02-ship-boat-.png"), strips.toString());
        BufferedImage strip =
                ImageIO.read(folder.resolve("gallery").resolve(strips.first()).toFile());
        assertEquals(4 * 160 + 3 * 8, strip.getWidth(), "input and three maps");
    }

    @Test
    void doesNotReplaceAPageOfAnotherProgram(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("report.html"), "<p>mine</p>");
        assertThrows(IOException.class, () -> SampleComparison.page().write(folder));
    }

    @Test
    void publishedValuesBelongToOneNetworkAndItsSettings() {
        ComparisonSettings paper = ComparisonSettings.ofThePaper(Protocol.ORIGINAL);
        var network = Experiments.named("9L-S-CoDA-SQ-1000").network();
        var ours = AttributionMethods.of("ours", Map.of());
        assertEquals(
                Optional.of(.9115),
                PublishedValue.of(network, ours, Metric.LOCALISATION, paper).map(PublishedValue::value));
        assertEquals(
                Optional.of(.959),
                PublishedValue.of(
                                network,
                                AttributionMethods.of("occlusion", Map.of("window", "original")),
                                Metric.REMOVAL,
                                paper)
                        .map(PublishedValue::value));
        assertEquals(
                Optional.of(.968),
                PublishedValue.of(Experiments.named("9L-S-CoDA-SQ-5000").network(), ours, Metric.REMOVAL, paper)
                        .map(PublishedValue::value));
        assertEquals(
                Optional.empty(),
                PublishedValue.of(
                        network,
                        ours,
                        Metric.LOCALISATION,
                        new ComparisonSettings(Protocol.ORIGINAL, 2, 500, 1024, 0.25, 128, 0)));
        assertEquals(Optional.empty(), PublishedValue.of(network, ours, Metric.REMOVAL_MOST, paper));
        assertEquals(
                Optional.empty(),
                PublishedValue.of(Experiments.named("XS-CoDA-SQ-30").network(), ours, Metric.LOCALISATION, paper));
    }

    @Test
    void theGalleryMixesClasses() {
        assertEquals(
                List.of(1, 3, 0, 2),
                ComparisonGallery.firstOfEachClass(new int[] {2, 0, 2, 1}, 3, 9),
                "the first image of each class, then the second");
        assertEquals(List.of(1, 3), ComparisonGallery.firstOfEachClass(new int[] {2, 0, 2, 1}, 3, 2));
    }

    private static TreeSet<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return new TreeSet<>(
                    files.map(file -> file.getFileName().toString()).toList());
        }
    }

    private static Document parse(String text) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text)));
    }
}
