/**
 * Reports for people: HTML pages of explanations, folders of pictures, and training curves as SVG. The pages have no scripts and
 * load nothing from a network. Read {@link org.codanet.report.ExplanationPage} first: it takes plain values. {@link
 * org.codanet.report.PageImages}, {@link org.codanet.report.Showcase} and {@link org.codanet.report.ExplanationFolder} create these
 * values from explanations.
 */
package org.codanet.report;
