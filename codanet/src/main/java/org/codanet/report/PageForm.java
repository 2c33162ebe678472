package org.codanet.report;

/** Where the style sheet and the pictures of a page are. */
public enum PageForm {
    /** In the page itself. The page is one file that can be sent by mail. */
    SELF_CONTAINED,

    /**
     * In a folder beside the page. The page has no inline style and no {@code data:} URI, so it works under the
     * Content-Security-Policy {@code default-src 'self'}.
     */
    EXTERNAL_ASSETS
}
