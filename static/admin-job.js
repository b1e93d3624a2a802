'use strict';
// How far a job is; once it has ended, the page is loaded again and shows what became of it.
{
    const SECONDS = 2;
    const page = document.querySelector('[data-job]');
    const bar = page.querySelector('progress');
    const state = page.querySelector('.state');

    const look = async () => {
        const answer = await fetch(page.dataset.job, { headers: { Accept: 'application/json' } });
        const job = answer.ok ? await answer.json() : null;
        if (!job || !['waiting', 'running'].includes(job.status)) {
            location.reload();
            return;
        }
        if (job.status === 'running' && job.total) {
            bar.value = Math.min(Math.floor(job.done * 100 / job.total), 99);
            state.textContent = bar.value + ' %';
        }
        later();
    };
    const later = () => setTimeout(() => look().catch(later), SECONDS * 1000);
    later();
}
