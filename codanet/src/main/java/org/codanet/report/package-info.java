/**
 * Reports for a person to look at: self-contained HTML pages of explanations without scripts or network access, folders of
 * pictures, and training curves as SVG. Read {@link org.codanet.report.ExplanationPage} first: it takes plain values. {@link
 * org.codanet.report.PageImages}, {@link org.codanet.report.Showcase} and {@link org.codanet.report.ExplanationFolder} make these
 * values from explanations.
 */
package org.codanet.report;
