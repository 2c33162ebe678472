/**
 * Contributions to pixels: the one place with colours. Nothing here knows a model or a file format other than PNG. Read
 * {@link org.codanet.render.SignedMap} first, then {@link org.codanet.render.ContributionPicture}.
 */
package org.codanet.render;
