package org.codanet.cli.option;

import org.codanet.report.PageForm;
import picocli.CommandLine.Option;

/** The form of the page that a command writes. */
public final class PageOption {
    @Option(
            names = "--external-assets",
            description =
                    "Write the style sheet and the pictures of the page as separate files beside it, so that the page works"
                            + " on a server with the Content-Security-Policy default-src 'self'. Default: the page is one file.")
    boolean externalAssets;

    /** Whether the option is set. */
    public boolean isSet() {
        return externalAssets;
    }

    /** Whether the page contains its style sheet and pictures, or refers to separate files. */
    public PageForm form() {
        return externalAssets ? PageForm.EXTERNAL_ASSETS : PageForm.SELF_CONTAINED;
    }
}
