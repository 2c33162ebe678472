/**
 * Plots of measured values. A plot draws itself on a {@link org.codanet.plot.Canvas}, so that the SVG file, the drawing in a page and the
 * PNG file are the same drawing. Read {@link org.codanet.plot.Plot} first. Not exported.
 */
package org.codanet.plot;
