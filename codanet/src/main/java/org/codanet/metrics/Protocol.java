package org.codanet.metrics;

/**
 * The rules of an evaluation. The two protocols differ in the following points only:
 *
 * <table>
 * <caption>Differences between the protocols</caption>
 * <tr><th></th><th>{@link #CORRECTED}</th><th>{@link #ORIGINAL}</th></tr>
 * <tr><td>images of a grid</td><td>each confident image at most once, n distinct classes</td>
 *     <td>a list of draws that is read with a shift: after every grid one entry is never used, and an image whose class is
 *     already in the grid is discarded</td></tr>
 * <tr><td>when sampling ends</td><td>fewer than n classes have images left</td><td>n or fewer classes have images left</td></tr>
 * <tr><td>random numbers</td><td>SplitMix64</td><td>NumPy's MT19937, seed 42</td></tr>
 * <tr><td>cells of a grid</td><td>row by row</td><td>column by column</td></tr>
 * <tr><td>images with a removal curve</td><td>drawn at random, because data may be sorted by class</td><td>the first ones of the
 *     data set</td></tr>
 * <tr><td>order of equal pixels</td><td>by index</td><td>as NumPy's introsort leaves them</td></tr>
 * <tr><td>points of a removal curve</td><td>the requested number, evenly spaced</td>
 *     <td>a whole number of pixels apart, so there may be more points than requested</td></tr>
 * <tr><td>a removed pixel</td><td>black</td><td>0 in all channels of the network's input, inverse channels included, which no
 *     image can have</td></tr>
 * <tr><td>value of a removal curve</td><td>the network's probability</td><td>the sigmoid of the logit</td></tr>
 * </table>
 */
public enum Protocol {
    /** The default: without the errors of the published code. */
    CORRECTED,
    /** The rules of the paper's published code, reproduced index by index. */
    ORIGINAL
}
