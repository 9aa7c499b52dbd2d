// What this page is, what its badges mean, and what "leave quickly" can and cannot do.
import { useLocale } from '../i18n';
import { Icon } from '../ui/icons';

export function AboutPage() {
  const { m } = useLocale();
  return (
    <div class="page prose">
      <h1>{m.aboutHeading}</h1>
      <p class="lead">{m.aboutWhat}</p>
      <h2>{m.aboutBadges}</h2>
      <dl class="meanings">
        <dt><span class="badge good"><Icon name="check" size={16} /> {m.checked}</span></dt><dd>{m.aboutFresh}</dd>
        <dt><span class="badge warn"><Icon name="alert" size={16} /> {m.verifyOverdue.split(/[,{]/)[0]}</span></dt><dd>{m.aboutStale}</dd>
        <dt><span class="badge warn"><Icon name="alert" size={16} /> {m.neverVerified}</span></dt><dd>{m.aboutNever}</dd>
        <dt><span class="badge bad">{m.suspended}</span></dt><dd>{m.partnerSuspended}</dd>
        <dt><span class="badge bad">{m.retired}</span></dt><dd>{m.partnerRetired}</dd>
      </dl>
      <h2>{m.aboutLeave}</h2>
      <p>{m.aboutLeaveText}</p>
      <h2>{m.aboutPrivacy}</h2>
      <p>{m.aboutPrivacyText}</p>
      <h2>{m.aboutData}</h2>
      <p>{m.aboutDataText}</p>
      <p class="hint">{m.aboutLicences}</p>
    </div>
  );
}
