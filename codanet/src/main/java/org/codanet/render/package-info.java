/**
 * Pictures of contributions. All colours of contributions are defined here. The package does not depend on models, and writes PNG files
 * only. Read {@link org.codanet.render.SignedMap} first, then {@link org.codanet.render.ContributionPicture}.
 */
package org.codanet.render;
