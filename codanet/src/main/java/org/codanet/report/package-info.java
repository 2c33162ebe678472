/**
 * What a person looks at: one self-contained HTML page of explanations, and training curves as SVG. No network, no scripts,
 * no model: numbers and pictures come in as plain values. Read {@link org.codanet.report.ExplanationPage} first.
 */
package org.codanet.report;
