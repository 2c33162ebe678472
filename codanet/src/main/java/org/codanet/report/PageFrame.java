package org.codanet.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.codanet.markup.Html;

/** What all pages have in common: the document, its head with the style sheet, and the title with the facts. */
final class PageFrame {
    /** Every page has this line, by which codanet recognises its own pages. */
    static final String MARK = "<p class=\"eyebrow\">codanet</p>";

    private PageFrame() {}

    /**
     * The text of a page. It is well-formed XML too if {@code body} is.
     *
     * @param styleElement the element that includes the style sheet
     * @param body elements after the header
     */
    static String html(String title, String lead, List<PageFact> facts, String styleElement, String body) {
        StringBuilder page = new StringBuilder();
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>")
                .append(Html.escape(title))
                .append("</title>\n")
                .append(styleElement)
                .append("</head>\n<body>\n<main>\n");
        header(page, title, lead, facts);
        return page.append(body).append("</main>\n</body>\n</html>\n").toString();
    }

    private static void header(StringBuilder page, String title, String lead, List<PageFact> facts) {
        page.append("<header>\n")
                .append(MARK)
                .append("\n<h1>")
                .append(Html.escape(title))
                .append("</h1>\n<p class=\"lead\">")
                .append(Html.escape(lead))
                .append("</p>\n<dl class=\"facts\">\n");
        for (PageFact fact : facts) {
            page.append("<div><dt>")
                    .append(Html.escape(fact.name()))
                    .append("</dt><dd><strong>")
                    .append(Html.escape(fact.value()))
                    .append("</strong>");
            if (!fact.meaning().isEmpty()) {
                page.append("<span>").append(Html.escape(fact.meaning())).append("</span>");
            }
            page.append("</dd></div>\n");
        }
        page.append("</dl>\n</header>\n");
    }

    /** The text of a style sheet among the resources of this package. */
    static String style(String name) {
        try (InputStream css = PageFrame.class.getResourceAsStream(name)) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("page: the style sheet in this program cannot be read", e);
        }
    }
}
