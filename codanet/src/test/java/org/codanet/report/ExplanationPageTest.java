package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.codanet.explain.ClassScore;
import org.codanet.markup.Html;
import org.codanet.render.ColourRange;
import org.codanet.render.SignedMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

final class ExplanationPageTest {
    private final String html = SamplePage.of(4).html();

    @Test
    void carriesEverythingItShows() throws Exception {
        for (String name : List.of("src", "href", "data", "action", "poster", "srcset")) {
            for (Element element : elements("*")) {
                String value = element.getAttribute(name);
                assertTrue(
                        value.isEmpty() || value.startsWith("data:image/png;base64,") || value.startsWith("#"),
                        () -> element.getTagName() + " " + name + " points outside the page: " + value);
            }
        }
        assertFalse(html.contains("@import"), "the style sheet imports another");
        assertFalse(html.contains("url("), "the style sheet loads something");
        assertTrue(elements("script").isEmpty(), "the page needs no script");
        assertTrue(elements("link").isEmpty(), "the page links no resource");
    }

    @Nested
    class WithExternalAssets {
        @TempDir
        Path folder;

        @Test
        void nothingIsInlineAndEveryAssetIsAFile() throws Exception {
            SamplePage.of(4).write(folder.resolve("my page.html"), PageForm.EXTERNAL_ASSETS);

            String text = Files.readString(folder.resolve("my page.html"));
            Document page = parse(text);
            assertFalse(text.contains("data:"), "a data URI");
            assertEquals(0, page.getElementsByTagName("style").getLength(), "inline style sheets");
            Set<String> named = new TreeSet<>();
            for (Element element : all(page, "*")) {
                assertFalse(element.hasAttribute("style"), () -> element.getTagName() + " with a style attribute");
                for (String name : List.of("src", "href")) {
                    String value = element.getAttribute(name);
                    if (!value.isEmpty() && !value.startsWith("#")) {
                        named.add(value);
                    }
                }
            }
            Set<String> written = new TreeSet<>();
            try (Stream<Path> files = Files.list(folder.resolve("my-page-files"))) {
                files.forEach(file -> written.add("my-page-files/" + file.getFileName()));
            }
            assertEquals(written, named);
            assertEquals(
                    1 + 1 + 4 * (1 + 2 * 3) + 2 * 2,
                    written.size(),
                    "the style sheet and each picture once: scale, inputs, maps and overlays, two pairs of the wrong image");
        }

        @Test
        void aFolderOfAnotherProgramIsRefusedAndKept() throws Exception {
            Path foreign =
                    Files.createDirectories(folder.resolve("index-files")).resolve("style.css");
            Files.writeString(foreign, "body {}");

            IOException refused = assertThrows(
                    IOException.class,
                    () -> SamplePage.of(1).write(folder.resolve("index.html"), PageForm.EXTERNAL_ASSETS));

            assertTrue(refused.getMessage().contains("index-files"), refused.getMessage());
            assertEquals("body {}", Files.readString(foreign));
            assertFalse(Files.exists(folder.resolve("index.html")));
        }

        @Test
        void aSecondPageReplacesTheFirst() throws Exception {
            Path file = folder.resolve("index.html");
            SamplePage.of(4).write(file, PageForm.EXTERNAL_ASSETS);
            byte[] first = Files.readAllBytes(file);

            SamplePage.of(4).write(file, PageForm.EXTERNAL_ASSETS);

            assertArrayEquals(first, Files.readAllBytes(file));
        }
    }

    @Test
    void darkColoursAreForScreensOnly() {
        assertEquals(2, html.split("@media screen and \\(prefers-color-scheme: dark\\)", -1).length - 1);
        assertEquals(2, html.split("prefers-color-scheme", -1).length - 1, "page and curve");
    }

    @Test
    void linksLeadToPartsOfThePage() throws Exception {
        Set<String> ids = new HashSet<>();
        for (Element element : elements("*")) {
            if (element.hasAttribute("id")) {
                assertTrue(ids.add(element.getAttribute("id")), "id twice: " + element.getAttribute("id"));
            }
        }
        List<Element> links = elements("a");
        assertEquals(4, links.size());
        for (Element link : links) {
            assertTrue(ids.contains(link.getAttribute("href").substring(1)), link.getAttribute("href"));
        }
    }

    @Test
    void everyPictureSaysWhatItShows() throws Exception {
        int described = 0;
        for (Element picture : elements("img")) {
            assertTrue(picture.hasAttribute("alt"), "a picture without alt");
            boolean named = !picture.getAttribute("alt").isBlank();
            // Pictures in a link are next to the link's text, so screen readers should treat them as decoration.
            boolean inLink = picture.getParentNode().getNodeName().equals("a");
            assertTrue(named || inLink, "an empty alt outside a link");
            described += named ? 1 : 0;
        }
        // The scale. For each image the input, and the map and overlay of three classes. The wrongly classified image
        // has two more pairs.
        assertEquals(1 + 4 * (1 + 2 * 3) + 2 * 2, described);
    }

    @Test
    void aWrongPredictionShowsTheTrueClassAndTheDifference() throws Exception {
        assertEquals(
                1,
                elements("article").stream()
                        .filter(a -> a.getAttribute("class").contains("wrong"))
                        .count());
        assertTrue(html.contains("Why not "));
        assertTrue(html.contains("\u2717 wrong: the true class is "));
    }

    @Test
    void theLegendNamesTheScaleAndTheSigmoid() throws Exception {
        assertEquals(
                "against neutral for",
                String.join(
                        " ",
                        elements("div").stream()
                                .filter(d -> d.getAttribute("class").equals("scale-ends"))
                                .flatMap(d -> texts(d.getChildNodes()).stream())
                                .toList()));
        assertTrue(
                html.contains("The probability is the sigmoid of the logit. Each class is scored independently, so the"
                        + " probabilities need not add up to 100 %."));
    }

    @Test
    void theSumShowsItsDifferenceAndTheRoundingLimit() throws Exception {
        List<Element> lines = elements("p").stream()
                .filter(p -> p.getAttribute("class").equals("off"))
                .toList();
        assertEquals(13, lines.size(), "three classes of four images, and the true class of the wrong one");
        for (Element line : lines) {
            assertEquals("difference 3.0e-07, within the rounding limit of 4.0e-05", line.getTextContent());
        }
    }

    @Test
    void namesCannotBreakThePage() throws Exception {
        assertTrue(html.contains("&lt;b&gt;&quot;odd&quot; &amp; &#39;name&#39;\uFFFD&lt;/b&gt;.png"));
        assertTrue(elements("b").stream().noneMatch(b -> b.getTextContent().contains("odd")));
    }

    @Test
    void anExplanationThatDoesNotAddUpIsCalledInexact() {
        SignedMap map = SignedMap.of(1, 1, new float[] {1});
        ClassScore score = new ClassScore(0, "only", 0.5, 0.6);
        ExplainedImage image = new ExplainedImage(
                "x",
                org.codanet.render.Picture.ofPlanes(new float[1], 0, 1, 1, 1),
                java.util.OptionalInt.empty(),
                List.of(score),
                List.of(new ExplainedClass(score, Optional.empty(), map, -1, 1e-5)));

        String page = new ExplanationPage("t", "l", List.of(), "p", Optional.empty(), Optional.empty(), List.of(image))
                .html();

        assertTrue(page.contains("this explanation is not exact"));
        assertFalse(html.contains("this explanation is not exact"));
    }

    @Test
    void oneClassAgainstAnotherIsADifferenceOfLogitsWithoutAProbability() {
        SignedMap map = SignedMap.of(1, 1, new float[] {1});
        ClassScore score = new ClassScore(0, "cat", 1, 0.617);
        for (Optional<String> against : List.of(Optional.<String>empty(), Optional.of("dog"))) {
            ExplainedImage image = new ExplainedImage(
                    "x",
                    org.codanet.render.Picture.ofPlanes(new float[1], 0, 1, 1, 1),
                    java.util.OptionalInt.empty(),
                    List.of(score),
                    List.of(new ExplainedClass(score, against, map, 0, 1e-5)));

            String page = new ExplanationPage(
                            "t", "l", List.of(), "p", Optional.empty(), Optional.empty(), List.of(image))
                    .html();

            assertEquals(against.isPresent(), page.contains("</b> difference of the logits</span>"));
            assertEquals(against.isEmpty(), page.contains("</b> logit</span>"));
            assertEquals(against.isPresent(), page.contains("<h3>cat against dog</h3>"));
            assertEquals(against.isEmpty(), page.contains("<h3>cat<span>61.7 %</span></h3>"));
        }
    }

    @Test
    void theCurveOfOneEpochGoesNowhere() {
        assertEquals(
                "After one epoch, the training loss was 0.250. The accuracy on held-out images was 62.5 % at the end.",
                new TrainingCurve(List.of(new CurvePoint(1, 0.25, 0.2, 0.5, 0.625))).summary());
    }

    @Test
    void aFixedRangeIsOneNumberForAllImages() {
        ExplanationPage own = SamplePage.of(3);
        ExplanationPage fixed = new ExplanationPage(
                own.title(),
                own.lead(),
                own.facts(),
                own.probabilities(),
                own.curve(),
                Optional.of(new ColourRange(0.125f)),
                own.images());

        assertEquals(3, fixed.html().split("\u00b10.125 or more", -1).length - 1);
        assertTrue(fixed.html().contains("It is the same for all images, so"));
        assertFalse(own.html().contains("It is the same for all images, so"));
    }

    @Test
    void theCurveStandsAloneAndTellsItsNumbers() throws Exception {
        TrainingCurve curve = new TrainingCurve(List.of(
                new CurvePoint(1, 0.25, Double.NaN, 0.5, Double.NaN), new CurvePoint(2, 0.125, 0.2, 0.75, 0.625)));

        Element svg = parse(curve.svg()).getDocumentElement();

        assertEquals("svg", svg.getTagName());
        assertEquals(
                "Training curve. In 2 epochs, the training loss changed from 0.250 to 0.125. The accuracy on held-out images was 62.5 % at the end.",
                svg.getAttribute("aria-label"));
        // Two lines per panel and two in the legend. An epoch without test values leaves a line of one point.
        assertEquals(6, svg.getElementsByTagName("polyline").getLength());

        Element wide = parse("<div>" + curve.html() + "</div>").getDocumentElement();
        NodeList drawings = wide.getElementsByTagName("svg");
        assertEquals(3, drawings.getLength(), "both panels at once, and one below the other");
        assertEquals("0 0 360 280", ((Element) drawings.item(1)).getAttribute("viewBox"));
        assertEquals("360 0 360 280", ((Element) drawings.item(2)).getAttribute("viewBox"));
    }

    @Test
    void numbersReadAlikeInEveryLocale() {
        assertEquals("\u22122.197", Html.number(-2.197));
        assertEquals("+0.500", Html.change(0.5));
        assertEquals("3.0e-07", Html.tiny(3e-7));
        assertEquals("<0.1 %", Html.percent(1e-5));
        assertEquals(">99.9 %", Html.percent(0.99999));
        assertEquals("100.0 %", Html.percent(1));
    }

    private static List<String> texts(NodeList nodes) {
        return java.util.stream.IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    private List<Element> elements(String name) throws Exception {
        return all(parse(html), name);
    }

    private static List<Element> all(Document document, String name) {
        NodeList nodes = document.getElementsByTagName(name);
        return java.util.stream.IntStream.range(0, nodes.getLength())
                .mapToObj(i -> (Element) nodes.item(i))
                .toList();
    }

    private static Document parse(String text) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text)));
    }
}
